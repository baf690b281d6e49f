// Package interop plays every generation of clients against the real broker and compares its answers with Go's own
// cryptography. CRYPTO_BROKER_SERVER names the broker's binary.
package interop

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// profile is a bundled profile that the Go broker has too.
type profile struct {
	name, hash string
	keyBytes   int
	tagBytes   int
}

var profiles = []profile{
	{"Default", "sha3-512", 0, 0},
	{"KSA-MODERATE-2020", "sha-384", 0, 0},
	{"KSA-ADVANCED-2020", "sha3-512", 0, 0},
	{"FIPS-140-3-128bit", "sha-256", 16, 12},
	{"FIPS-140-3-192bit", "sha-384", 24, 14},
	{"FIPS-140-3-256bit", "sha-512", 32, 16},
}

// start runs a broker on a socket of its own and connects to it as any Go client does.
func start(t *testing.T, arguments ...string) *grpc.ClientConn {
	t.Helper()
	return connect(t, serve(t, arguments...))
}

// startWith is start for a client with an option of its own.
func startWith(t *testing.T, option grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return connect(t, serve(t), option)
}

// connect connects to a socket.
func connect(t *testing.T, socket string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	connection, err := grpc.NewClient("unix:"+socket, options...)
	check(t, err)
	t.Cleanup(func() { connection.Close() })
	return connection
}

// serve runs a broker and returns its socket once it serves.
func serve(t *testing.T, arguments ...string) string {
	t.Helper()
	binary := os.Getenv("CRYPTO_BROKER_SERVER")
	if binary == "" {
		t.Fatal("CRYPTO_BROKER_SERVER does not name the broker's binary; interop/run sets it")
	}
	folder, err := os.MkdirTemp("", "cb-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	socket := filepath.Join(folder, "broker.sock")
	options := []string{"--socket", socket, "--audit-log", "off", "--log-format", "text", "--log-output", "stderr"}
	broker := exec.Command(binary, append(options, arguments...)...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "CRYPTO_BROKER_") {
			broker.Env = append(broker.Env, variable)
		}
	}
	log, err := broker.StderrPipe()
	check(t, err)
	check(t, broker.Start())
	t.Cleanup(func() {
		broker.Process.Kill()
		broker.Wait()
	})
	lines := bufio.NewScanner(log)
	said := ""
	for !strings.Contains(said, "serving") {
		if !lines.Scan() {
			t.Fatalf("the broker ended before it served:\n%s", said)
		}
		said += lines.Text() + "\n"
	}
	go func() {
		for lines.Scan() {
		}
	}()
	return socket
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused wants an error with this code. No error that repeats may look like one worth a retry.
func refused(t *testing.T, err error, code codes.Code) {
	t.Helper()
	if status.Code(err) != code {
		t.Errorf("%v, wanted %v", err, code)
	}
}

func pointer[T any](value T) *T { return &value }
