package interop

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func TestHealth(t *testing.T) {
	client := grpc_health_v1.NewHealthClient(start(t))
	for _, service := range []string{"", "CryptoBroker.CryptoGrpc", "protobuf.CryptoBroker", "cryptobroker.v1.CryptoService"} {
		response, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		check(t, err)
		if response.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("%s: %v", service, response)
		}
	}
	_, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "nobody"})
	rejected(t, err, codes.NotFound)
}

// Clients in some languages send the path of the socket as the authority, which is not a valid one.
func TestAuthority(t *testing.T) {
	for _, authority := range []string{"/tmp/open-crypto-broker/crypto-broker-server.sock", "a/b", "local host"} {
		client := grpc_health_v1.NewHealthClient(startWith(t, grpc.WithAuthority(authority)))
		for range 1000 {
			_, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
			check(t, err)
		}
	}
}
