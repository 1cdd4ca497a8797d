package model

// Change is one thing that a bundle, or an import, makes other than it is.
type Change struct {
	Action string `json:"action" enum:"create,update,build,deploy,none"`
	Kind   string `json:"kind" enum:"endpoint,service"`
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty" doc:"What differs, in words. No secret is in it."`
}

// BundleResult tells what a bundle did, or with Plan would do.
type BundleResult struct {
	Plan    bool           `json:"plan"`
	Changes []Change       `json:"changes" nullable:"false" doc:"Empty if everything is as the bundle says."`
	Deploys []DeployResult `json:"deploys,omitempty" nullable:"false"`
}

// ImportRequest asks for endpoints as an OpenAPI document describes them.
type ImportRequest struct {
	Document string `json:"document" minLength:"1" maxLength:"4194304" doc:"An OpenAPI 3 document, as YAML or JSON."`
	Language string `json:"language" enum:"c,rust,go" doc:"Of the stubs."`
	Domain   string `json:"domain,omitempty" maxLength:"253"`
	Prefix   string `json:"prefix,omitempty" maxLength:"32" pattern:"^[a-z0-9._-]*$" doc:"Put in front of the names of endpoints."`
	Plan     bool   `json:"plan,omitempty" doc:"Tell only what would be made."`
}

// ImportResult tells what an import made.
type ImportResult struct {
	Plan      bool             `json:"plan"`
	Endpoints []ImportEndpoint `json:"endpoints" nullable:"false"`
	LeftOut   []string         `json:"left_out,omitempty" nullable:"false" doc:"What of the document was not taken, and why."`
}

// ImportEndpoint is one operation of the document.
type ImportEndpoint struct {
	Operation string   `json:"operation"`
	Endpoint  string   `json:"endpoint"`
	Methods   []string `json:"methods" nullable:"false"`
	Path      string   `json:"path"`
	Source    string   `json:"source,omitempty" doc:"SHA-256 of the stub's source tree."`
}
