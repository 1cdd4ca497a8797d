package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/alecthomas/kong"
	"github.com/posener/complete"
	"github.com/willabides/kongplete"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
)

// Complete answers the shell and ends the process, if it is the shell that asks
// how a command line may go on. Names are those of the gateway that the
// environment, or the present folder, leads to.
func Complete(parser *kong.Kong) {
	if os.Getenv("COMP_LINE") == "" {
		return
	}
	kongplete.Complete(parser,
		kongplete.WithPredictor("file", complete.PredictFiles("*")),
		kongplete.WithPredictor("endpoint", predict("/endpoints", "name")),
		kongplete.WithPredictor("service", predict("/services", "name")),
		kongplete.WithPredictor("key", predict("/keys", "name")),
		kongplete.WithPredictor("build", predict("/builds", "id")),
	)
}

// predict lists what a gateway has, if it answers at once.
func predict(path, field string) complete.PredictFunc {
	return func(complete.Args) (names []string) {
		data := os.Getenv("EDGE_GATEWAY_DATA")
		if data == "" {
			data = "data"
		}
		c, err := client.New(client.Options{Server: os.Getenv("EDGE_GATEWAY_SERVER"), Token: os.Getenv("EDGE_GATEWAY_TOKEN"), Data: data})
		if err != nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var list struct{ Items []map[string]any }
		if c.Do(ctx, client.Request{Method: http.MethodGet, Path: path}, &list) != nil {
			return nil
		}
		for _, item := range list.Items {
			names = append(names, fmt.Sprint(item[field]))
		}
		return names
	}
}

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// The shells call the program itself, with COMP_LINE in its environment.
var scripts = map[string]string{
	"bash": "complete -C %[1]q edge-gateway\n",
	"zsh":  "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\ncomplete -C %[1]q edge-gateway\n",
	"fish": "function __edge_gateway\n  set -lx COMP_LINE (commandline -cp)\n  test -z (commandline -ct); and set COMP_LINE \"$COMP_LINE \"\n  %[1]q\nend\n" +
		"complete -f -c edge-gateway -a \"(__edge_gateway)\"\n",
}

func (c completionCommand) Run() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf(scripts[c.Shell], program)
	return nil
}
