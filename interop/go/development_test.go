package interop

import (
	"encoding/json"
	"strings"
	"testing"

	"cryptobroker.example/interop/stubs/old"
	"google.golang.org/grpc/codes"
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
			rejected(t, err, codes.Unavailable)
		}
	}
	response, err := dev.Benchmark(t.Context(), &old.BenchmarkRequest{})
	check(t, err)
	var report struct {
		Results []struct {
			Name    string `json:"name"`
			AvgTime int64  `json:"avgTime"`
		} `json:"results"`
	}
	check(t, json.Unmarshal([]byte(response.BenchmarkResults), &report))
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
	rejected(t, err, codes.Unimplemented)
	_, err = old.NewCryptoGrpcDevClient(connection).Benchmark(t.Context(), &old.BenchmarkRequest{})
	rejected(t, err, codes.Unimplemented)
}
