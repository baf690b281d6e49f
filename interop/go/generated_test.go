package interop

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"testing"
)

// Go loads every certificate that the broker's tests have issued for generated requests. The variable
// GENERATED_CERTIFICATES names their file.
func TestGeneratedCertificatesLoad(t *testing.T) {
	file := os.Getenv("GENERATED_CERTIFICATES")
	if file == "" {
		t.Skip("GENERATED_CERTIFICATES is not set")
	}
	rest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			t.Errorf("%v\n%s", err, pem.EncodeToMemory(block))
		}
		count++
	}
	if count < 100 {
		t.Errorf("the file has only %d certificates", count)
	}
}
