// Package lint lints the certificates in the folder LINTED_CERTIFICATES_DIR with zlint, against the RFCs and, for the
// profile of docs/examples/serverauth.yaml, against the Baseline Requirements of the CA/Browser Forum.
// exceptions.json lists the errors that are expected.
package lint

import (
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

// exception is an error of a linter that is not a mistake of the broker.
type exception struct {
	Linter       string // "zlint", or the program of pkilint
	Lint         string
	Certificates string // a pattern of file names without .pem
	Reason       string
	found        bool
}

var rfcs = lint.SourceList{lint.RFC3279, lint.RFC5280, lint.RFC5480, lint.RFC5891, lint.RFC6960, lint.RFC6962, lint.RFC8813}

// serverAuth matches the files that are linted against the Baseline Requirements too.
const serverAuth = "TLS-Server-OV.*"

func TestCertificatesHaveNoUnexpectedErrors(t *testing.T) {
	folder := os.Getenv("LINTED_CERTIFICATES_DIR")
	if folder == "" {
		t.Fatal("LINTED_CERTIFICATES_DIR is not set; run interop/lint/run")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.pem"))
	check(t, err)
	exceptions := read(t, "exceptions.json")
	baseline := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".pem")
		sources := rfcs
		if matches(t, serverAuth, name) {
			sources = append(sources, lint.CABFBaselineRequirements)
			baseline++
		}
		for id, details := range findings(t, file, sources) {
			if !expected(t, exceptions, id, name) {
				t.Errorf("%s: %s: %s", name, id, details)
			}
		}
	}
	if baseline == 0 {
		t.Errorf("%s has no certificates %s", folder, serverAuth)
	}
	for _, exception := range exceptions {
		if !exception.found {
			t.Errorf("exceptions.json: %s does not occur in %s any more", exception.Lint, exception.Certificates)
		}
	}
	t.Logf("%d certificates, %d of them by the Baseline Requirements too", len(files), baseline)
}

// findings returns the lints that found an error in a certificate, with their details.
func findings(t *testing.T, file string, sources lint.SourceList) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	check(t, err)
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{IncludeSources: sources})
	check(t, err)
	found := map[string]string{}
	for id, result := range zlint.LintCertificateEx(certificate, registry).Results {
		if result.Status >= lint.Error {
			found[id] = result.Details
		}
	}
	return found
}

// read returns the exceptions for zlint.
func read(t *testing.T, file string) []*exception {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	var all, ours []*exception
	check(t, json.Unmarshal(text, &all))
	for _, exception := range all {
		if exception.Reason == "" {
			t.Errorf("%s: %s has no reason", file, exception.Lint)
		}
		if exception.Linter == "zlint" {
			ours = append(ours, exception)
		}
	}
	sort.Slice(ours, func(i, j int) bool { return ours[i].Lint < ours[j].Lint })
	return ours
}

// expected reports whether there is an exception, and marks it as found.
func expected(t *testing.T, exceptions []*exception, id, name string) bool {
	t.Helper()
	is := false
	for _, exception := range exceptions {
		if exception.Lint == id && matches(t, exception.Certificates, name) {
			exception.found, is = true, true
		}
	}
	return is
}

func matches(t *testing.T, pattern, name string) bool {
	t.Helper()
	is, err := filepath.Match(pattern, name)
	check(t, err)
	return is
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
