// Package bundle reads an archive that says what several endpoints and services
// are to be, and tells what that changes.
//
// At the top of the archive, or in its only folder, is an edge-gateway.toml as
// package config describes it, with the sources and libraries that it names
// beside it. It comes from elsewhere: of the machine of the gateway nothing
// gets into it, see [config.ParseForeign].
//
// What a bundle does not name stays as it is, and so does what the file cannot
// say of an endpoint: whether it is enabled, and its probe.
package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// FileName is that of the configuration in a bundle.
const FileName = "edge-gateway.toml"

const maxConfig = 1 << 20 // bytes of it

// Bundle is what an archive says.
type Bundle struct {
	Endpoints []Endpoint
	Services  []model.ServiceSpec // with secrets and references as they are written
}

// Endpoint is one of them. It has a Source or a Library.
type Endpoint struct {
	Spec    model.EndpointSpec
	Source  string // folder
	Library string // file
	Digest  string // of what is packed from the folder, or of the file
}

// Read unpacks an archive into dir, an empty folder that has to stay for as long
// as the bundle is used. What is wrong with the archive is a [*model.Error].
func Read(r io.Reader, dir string, limits archive.Limits) (*Bundle, error) {
	if _, err := archive.Unpack(r, dir, limits); err != nil {
		return nil, err
	}
	top, err := findTop(dir)
	if err != nil {
		return nil, err
	}
	file, err := readConfig(top)
	if err != nil {
		return nil, err
	}
	b := &Bundle{}
	for _, s := range file.Services {
		b.Services = append(b.Services, serviceSpec(s))
	}
	for _, e := range file.Endpoints {
		one := Endpoint{Spec: endpointSpec(e), Source: e.Source, Library: e.Library}
		if one.Digest, err = one.digest(); err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", e.Name, err)
		}
		b.Endpoints = append(b.Endpoints, one)
	}
	return b, nil
}

// findTop finds the folder that has the configuration.
func findTop(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("read a bundle: %w", err)
	}
	var folders []string
	for _, e := range entries {
		if e.Name() == FileName && !e.IsDir() {
			return dir, nil
		}
		// Archives made on a Mac may have a second folder that nobody put there.
		if e.IsDir() && e.Name() != "__MACOSX" {
			folders = append(folders, filepath.Join(dir, e.Name()))
		}
	}
	if len(folders) == 1 {
		if info, err := os.Stat(filepath.Join(folders[0], FileName)); err == nil && info.Mode().IsRegular() {
			return folders[0], nil
		}
	}
	return "", model.Errorf(model.Refused, "the bundle has no %s at its top or in its only folder", FileName)
}

func readConfig(dir string) (*config.File, error) {
	path := filepath.Join(dir, FileName)
	if info, err := os.Stat(path); err == nil && info.Size() > maxConfig {
		return nil, model.Errorf(model.TooLarge, "%s of the bundle has more than %d bytes", FileName, maxConfig)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a bundle: %w", err)
	}
	file, err := config.ParseForeign(FileName, data, dir)
	var problems config.Errors
	if errors.As(err, &problems) {
		return nil, invalid(problems)
	}
	return file, err
}

func invalid(problems config.Errors) error {
	more := ""
	if n := len(problems) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	err := model.Errorf(model.Invalid, "%s%s", problems[0].Error(), more)
	err.Detail = problems.Error()
	return err
}

func (e Endpoint) digest() (string, error) {
	if e.Source != "" {
		sum, err := archive.Pack(io.Discard, e.Source)
		return sum.Digest, err
	}
	file, err := os.Open(e.Library)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func endpointSpec(e config.Endpoint) model.EndpointSpec {
	return model.EndpointSpec{
		Name: e.Name, Domain: strings.ToLower(e.Domain), Path: e.Path, Methods: e.Methods,
		Config: e.Config, Services: e.Services,
		Limits: model.Limits{
			Timeout: model.Duration(e.Timeout), MaxBody: e.MaxBody, MaxConcurrency: e.MaxConcurrency,
			MaxNative: e.MaxNative, MaxStuck: e.MaxStuck, Rate: e.Rate, Burst: e.Burst,
		},
		Isolation: model.Isolation(e.Isolation), Process: model.ProcessLimits(e.Process),
		Probation: model.Probation{Requests: e.Probation.Requests, Time: model.Duration(e.Probation.Time)},
	}
}

// Onto is what an endpoint is to be, given what it is.
func (e Endpoint) Onto(now model.EndpointSpec) model.EndpointSpec {
	spec := e.Spec
	spec.Disabled, spec.Probe = now.Disabled, now.Probe
	return spec
}
