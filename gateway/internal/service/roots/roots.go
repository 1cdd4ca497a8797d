// Package roots loads the certificates that a service trusts.
package roots

import (
	"crypto/x509"
	"fmt"
	"os"
)

// Load is the system's certificates and those of a PEM file. With path "" it is
// nil, which stands for the system's alone.
func Load(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("certificates to trust: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificates to trust: none in %s", path)
	}
	return pool, nil
}
