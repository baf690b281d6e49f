// Package interop tests clients of every protocol version against the real broker and compares the responses with Go's
// cryptography. The environment variable CRYPTO_BROKER_SERVER is the path of the broker's binary.
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

// profile is a bundled profile that the Go broker also has.
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

// start runs a broker on a new socket and connects to it with a default client.
func start(t *testing.T, arguments ...string) *grpc.ClientConn {
	t.Helper()
	return connect(t, serve(t, arguments...))
}

// startWith runs a broker on a new socket and connects to it with a dial option.
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

// serve runs a broker and returns the path of its socket once the broker is serving.
func serve(t *testing.T, arguments ...string) string {
	t.Helper()
	binary := os.Getenv("CRYPTO_BROKER_SERVER")
	if binary == "" {
		t.Fatal("CRYPTO_BROKER_SERVER is not set; run interop/run")
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
	output := ""
	for !strings.Contains(output, "serving") {
		if !lines.Scan() {
			t.Fatalf("the broker exited before it was serving:\n%s", output)
		}
		output += lines.Text() + "\n"
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

// rejected fails the test unless the call failed with the code.
func rejected(t *testing.T, err error, code codes.Code) {
	t.Helper()
	if status.Code(err) != code {
		t.Errorf("got error %v, want code %v", err, code)
	}
}

func pointer[T any](value T) *T { return &value }
