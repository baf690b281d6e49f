package interop

import (
	"encoding/json"
	"strings"
	"testing"

	"cryptobroker.example/interop/stubs/old"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func TestDevelopment(t *testing.T) {
	connection := start(t, "--dev")
	main, dev := old.NewCryptoGrpcClient(connection), old.NewCryptoGrpcDevClient(connection)
	for call := range 10 {
		var err error
		if call%2 == 0 {
			_, err = main.FakeEndpoint(t.Context(), &old.FakeEndpointRequest{})
		} else {
			_, err = dev.FakeEndpoint(t.Context(), &old.FakeEndpointRequest{Metadata: &old.Metadata{Id: "x"}})
		}
		if call%5 == 4 {
			check(t, err)
		} else {
			refused(t, err, codes.Unavailable)
		}
	}
	answer, err := dev.Benchmark(t.Context(), &old.BenchmarkRequest{})
	check(t, err)
	var report struct {
		Results []struct {
			Name    string `json:"name"`
			AvgTime int64  `json:"avgTime"`
		} `json:"results"`
	}
	check(t, json.Unmarshal([]byte(answer.BenchmarkResults), &report))
	if len(report.Results) != 10 {
		t.Errorf("%d results", len(report.Results))
	}
	for _, result := range report.Results {
		if !strings.HasPrefix(result.Name, "BenchmarkLibraryNative_") || result.AvgTime <= 0 {
			t.Errorf("%+v", result)
		}
	}

	connection = start(t)
	_, err = old.NewCryptoGrpcClient(connection).FakeEndpoint(t.Context(), &old.FakeEndpointRequest{})
	refused(t, err, codes.Unimplemented)
	_, err = old.NewCryptoGrpcDevClient(connection).Benchmark(t.Context(), &old.BenchmarkRequest{})
	refused(t, err, codes.Unimplemented)
}

func TestHealth(t *testing.T) {
	client := grpc_health_v1.NewHealthClient(start(t))
	for _, service := range []string{"", "CryptoBroker.CryptoGrpc", "protobuf.CryptoBroker", "cryptobroker.v1.CryptoService"} {
		answer, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		check(t, err)
		if answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("%s: %v", service, answer)
		}
	}
	_, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "nobody"})
	refused(t, err, codes.NotFound)
}
