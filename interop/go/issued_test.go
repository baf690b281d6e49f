package interop

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
)

// TestIssuedCertificatesLoad reads the certificates that the broker issued for generated requests. The test
// `generated_requests` of broker-server writes them, each beside its request, into the folder ISSUED_CERTIFICATES_DIR.
func TestIssuedCertificatesLoad(t *testing.T) {
	folder := os.Getenv("ISSUED_CERTIFICATES_DIR")
	if folder == "" {
		t.Fatal("ISSUED_CERTIFICATES_DIR is not set; run interop/run")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.der"))
	check(t, err)
	if len(files) == 0 {
		t.Fatalf("%s has no certificates", folder)
	}
	first := map[string]string{}
	wrong := 0
	for _, file := range files {
		der, err := os.ReadFile(file)
		check(t, err)
		if _, err = x509.ParseCertificate(der); err == nil {
			continue
		}
		wrong++
		if _, known := first[err.Error()]; !known {
			first[err.Error()] = file
		}
	}
	for message, file := range first {
		request, err := os.ReadFile(file[:len(file)-len("der")] + "csr")
		check(t, err)
		t.Errorf("%s: %s\n%s", filepath.Base(file), message, request)
	}
	t.Logf("%d certificates, %d refused", len(files), wrong)
}
