package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/cli"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// commands is the command line.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve handlers."`
	Build   buildCommand   `cmd:"" help:"Compile a source folder into a handler library."`
	Inspect inspectCommand `cmd:"" help:"Tell what a library is, without loading it."`
	New     newCommand     `cmd:"" help:"Write a new handler project."`
	Version versionCommand `cmd:"" help:"Print the version."`

	cli.Commands
}

// errUsage says that the command line is wrong.
var errUsage = errors.New("the command line is wrong")

type usageError struct{ error }

func (e usageError) Error() string        { return e.error.Error() + " (see edge-gateway --help)" }
func (e usageError) Is(target error) bool { return target == errUsage }

// run is the whole program but for its exit status.
func run(ctx context.Context, args []string) error {
	var line commands
	exited := errors.New("help was printed")
	parser, err := kong.New(&line,
		kong.Name("edge-gateway"),
		kong.Description("Serves HTTP by calling native functions."),
		kong.UsageOnError(),
		kong.Exit(func(int) { panic(exited) }), // after --help; recovered below
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.ExplicitGroups(cli.Groups),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil && p != exited {
			panic(p)
		}
	}()
	cli.Complete(parser)
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return usageError{err}
	}
	if command.Command() != "serve" { // which drains
		return interruptible(ctx, func(ctx context.Context) error {
			command.BindTo(ctx, (*context.Context)(nil))
			return command.Run()
		})
	}
	return command.Run()
}

// interruptible has Ctrl-C end what runs, which undoes what it had begun and
// ends its compilers. A second one ends the program as it is.
func interruptible(ctx context.Context, run func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	err := run(ctx)
	if err != nil && ctx.Err() != nil {
		return cli.ErrInterrupted
	}
	return err
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Printf("edge-gateway %s (ABI %d.%d)\n", programVersion(), abi.Major, abi.Minor)
	return nil
}

// release is the version of a program that was built as one, with
// -ldflags "-X main.release=1.2.3".
var release string

func programVersion() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}

type newCommand struct {
	Language string `arg:"" enum:"c,rust,go" help:"c, rust or go."`
	Dir      string `arg:"" help:"Folder to make; must be empty or not there." type:"path"`
}

func (c newCommand) Run() error {
	if err := toolchain.Create(toolchain.Language(c.Language), c.Dir, ""); err != nil {
		return err
	}
	fmt.Printf("Wrote a %s handler to %s. Serve it and build it anew on every change:\n\n"+
		"  %[3]s serve --config %[4]s --watch\n\nor give it to a gateway that runs:\n\n  %[3]s deploy %[2]s\n\nthen: curl http://127.0.0.1:8080/hello/world\n",
		c.Language, c.Dir, os.Args[0], filepath.Join(c.Dir, "edge-gateway.toml"))
	return nil
}

type buildCommand struct {
	Dir  string `arg:"" help:"Source folder." type:"path"`
	Out  string `short:"o" help:"Library to write; default: in the current folder, named for the source folder." type:"path"`
	Data string `help:"Data directory, for the compilers' caches; default: the user's cache directory." env:"EDGE_GATEWAY_DATA" type:"path"`
}

func (c buildCommand) Run(ctx context.Context) error {
	cache := filepath.Join(c.Data, "build")
	if c.Data == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("no cache directory, name one with --data: %w", err)
		}
		cache = filepath.Join(user, "edge-gateway")
	}
	if c.Out == "" {
		c.Out = filepath.Base(c.Dir) + toolchain.Extension()
	}
	builder, err := toolchain.New(toolchain.Config{CacheDir: cache})
	if err != nil {
		return err
	}
	library, err := builder.BuildTo(ctx, c.Dir, c.Out)
	if err != nil {
		return withOutput(err)
	}
	fmt.Fprint(os.Stderr, library.Output)
	fmt.Printf("%s: %s library, sha256 %s, built in %.2f s\n", library.Path, library.Language, library.Digest, library.Duration.Seconds())
	return nil
}

// withOutput puts what the compiler printed in front of an error.
func withOutput(err error) error {
	var failed *toolchain.BuildError
	if errors.As(err, &failed) && failed.Output != "" {
		return fmt.Errorf("the compiler said:\n%s\n%w", failed.Output, err)
	}
	return err
}
