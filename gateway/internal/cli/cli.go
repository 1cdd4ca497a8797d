// Package cli has the commands that are clients of a gateway's admin API: all
// of the program's but those that serve and build.
//
// Each prints for people, and with --json what the API answered, for programs.
// What goes to standard output is the result; steps, progress and errors go to
// standard error.
package cli

import "github.com/alecthomas/kong"

// Commands are embedded into the program's command line.
type Commands struct {
	Deploy    deployCommand    `cmd:"" group:"run" help:"Compile a folder, or take a library, and give it traffic."`
	Status    statusCommand    `cmd:"" group:"run" help:"Show the gateway at a glance."`
	Endpoints endpointsCommand `cmd:"" group:"run" help:"List, show, change and delete endpoints."`
	Versions  versionsCommand  `cmd:"" group:"run" help:"List the versions of an endpoint, and what was deployed when."`
	Rollback  rollbackCommand  `cmd:"" group:"run" help:"Deploy the version that was deployed before."`
	Undeploy  undeployCommand  `cmd:"" group:"run" help:"Take an endpoint's version away; it answers 503."`
	Canary    canaryCommand    `cmd:"" group:"run" help:"Show, promote or abort a version that has a share of the requests."`
	Services  servicesCommand  `cmd:"" group:"run" help:"List, make, change, test and delete services."`
	Upgrade   upgradeCommand   `cmd:"" group:"run" help:"Replace the running program by a newer one, without losing a request."`
	Recycle   recycleCommand   `cmd:"" group:"run" help:"Have a new worker process serve, without losing a request."`
	Logs      logsCommand      `cmd:"" group:"run" help:"Show the log of an endpoint, of a request, or of all."`
	Builds    buildsCommand    `cmd:"" group:"run" help:"List builds, read their logs, cancel them."`
	Apply     applyCommand     `cmd:"" group:"run" help:"Make endpoints and services what a bundle or a folder says, or show what would change."`
	Import    importCommand    `cmd:"" group:"run" help:"Make endpoints with handler stubs from an OpenAPI document."`
	Keys      keysCommand      `cmd:"" group:"run" help:"List, make and delete the keys of the admin API."`
	Crashes   crashesCommand   `cmd:"" group:"run" help:"Show how native code ended processes, and who is to blame."`
	Audit     auditCommand     `cmd:"" group:"run" help:"Show who changed what, when, from where."`

	Completion completionCommand `cmd:"" help:"Print what makes the shell complete command lines: source <(edge-gateway completion bash)."`
}

// Groups are the headings of the help.
var Groups = []kong.Group{{Key: "run", Title: "Of a gateway that runs:"}}
