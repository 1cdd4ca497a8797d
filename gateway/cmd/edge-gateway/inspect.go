package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/edge-gateway/edge-gateway/abi/inspect"
)

type inspectCommand struct {
	File string `arg:"" help:"Library." type:"path"`
}

var errWouldNotLoad = errors.New("the library would not load here")

func (c inspectCommand) Run() error {
	report, err := inspect.File(c.File)
	if err != nil {
		return err
	}
	abi := strings.Join(report.ABI, ", ")
	if abi == "" {
		abi = "not marked; handler_info tells after loading"
	}
	rows := [][2]string{
		{"file", c.File},
		{"sha256", fmt.Sprintf("%x", report.Digest)},
		{"size", fmt.Sprintf("%d bytes", report.Size)},
		{"format", report.Format + ", " + string(report.Kind)},
		{"system", report.OS + "/" + report.Arch},
		{"language", report.Language},
		{"abi", abi},
		{"exports", fmt.Sprintf("%s (%d in all)", strings.Join(report.Handler, ", "), report.Exports)},
		{"needs", strings.Join(report.Needed, ", ")},
	}
	if report.Glibc != "" {
		rows = append(rows, [2]string{"glibc", report.Glibc + " or later"})
	}
	for _, row := range rows {
		fmt.Printf("%-9s %s\n", row[0], row[1])
	}
	problems := report.Problems(inspect.Host())
	if len(problems) == 0 {
		fmt.Printf("%-9s yes\n", "loads")
		return nil
	}
	for _, problem := range problems {
		fmt.Printf("%-9s no: %v\n", "loads", problem)
	}
	return errWouldNotLoad
}
