package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// cFlags make a library that shows handler symbols alone (what else there is
// keeps away from other handlers' symbols), and that fails to link rather than
// to load when something is undefined.
func cFlags(goos string) []string {
	switch goos {
	case "darwin":
		return []string{"-dynamiclib", "-fPIC", "-O2", "-fvisibility=hidden", "-Wl,-undefined,error"}
	case "windows":
		return []string{"-shared", "-O2", "-static-libgcc"}
	}
	return []string{"-shared", "-fPIC", "-O2", "-fvisibility=hidden",
		"-Wl,-z,defs", "-Wl,-z,now", "-Wl,-Bsymbolic"}
}

// compileC compiles all *.c files of the folder itself, in place: a C compiler
// writes nothing beside its sources.
func (j *job) compileC(ctx context.Context) (string, error) {
	options, err := readCOptions(j.dir)
	if err != nil {
		return "", err
	}
	compiler, err := j.cCompiler()
	if err != nil {
		return "", err
	}
	sources, err := cSources(j.dir)
	if err != nil {
		return "", err
	}
	product := filepath.Join(j.temp, "handler"+Extension())
	args := append(compiler[1:], cFlags(runtime.GOOS)...)
	args = append(args, "-I"+j.includeDir())
	args = append(args, options.CFlags...)
	args = append(args, "-o", product)
	args = append(args, sources...)
	for _, lib := range options.Libs { // after the sources that use them
		args = append(args, "-l"+lib)
	}
	return product, j.run(ctx, command{dir: j.dir, name: compiler[0], args: args})
}

// cCompiler is what CC says, which may have arguments, or what is installed.
func (j *job) cCompiler() ([]string, error) {
	const what = "a C compiler (cc, gcc or clang)"
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 {
		path, err := j.find(what, fmt.Sprintf("CC is %q, which is not there", os.Getenv("CC")), cc[0])
		if err != nil {
			return nil, err
		}
		cc[0] = path
		return cc, nil
	}
	path, err := j.find(what, compilerHint(), "cc", "gcc", "clang")
	return []string{path}, err
}

func cSources(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var sources []string
	for _, entry := range entries {
		if isC(entry.Name()) && !entry.IsDir() {
			// With a path before it no name is taken for an option.
			sources = append(sources, "."+string(filepath.Separator)+entry.Name())
		}
	}
	return sources, nil
}

// cOptions are the [c] table of handler.toml.
type cOptions struct {
	Libs   []string `toml:"libs"`   // to link: "z" is -lz
	CFlags []string `toml:"cflags"` // handed to the compiler
}

var libName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]*$`)

func readCOptions(dir string) (cOptions, error) {
	var file struct {
		C cOptions `toml:"c"`
	}
	text, err := os.ReadFile(filepath.Join(dir, "handler.toml"))
	if errors.Is(err, fs.ErrNotExist) {
		return file.C, nil
	}
	if err != nil {
		return file.C, err
	}
	decoder := toml.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return file.C, fmt.Errorf("handler.toml: %w", describeTOML(err))
	}
	for _, lib := range file.C.Libs {
		if !libName.MatchString(lib) {
			return file.C, fmt.Errorf("handler.toml: libs: %q is not a library's name; write \"z\" for -lz", lib)
		}
	}
	return file.C, nil
}

// describeTOML adds the place, which the library's errors leave out.
func describeTOML(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		row, _ := strict.Errors[0].Position()
		return fmt.Errorf("line %d: unknown key %q; [c] takes libs and cflags",
			row, strings.Join(strict.Errors[0].Key(), "."))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		row, column := decode.Position()
		return fmt.Errorf("line %d, column %d: %w", row, column, err)
	}
	return err
}
