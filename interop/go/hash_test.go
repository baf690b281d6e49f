package interop

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"testing"

	"cryptobroker.example/interop/stubs/g0"
	"cryptobroker.example/interop/stubs/old"
	"cryptobroker.example/interop/stubs/v1"
)

var hashes = map[string]func() hash.Hash{
	"sha-256":  sha256.New,
	"sha-384":  sha512.New384,
	"sha-512":  sha512.New,
	"sha3-512": func() hash.Hash { return sha3.New512() },
}

func TestHash(t *testing.T) {
	connection := start(t)
	first := g0.NewCryptoBrokerClient(connection)
	second := old.NewCryptoGrpcClient(connection)
	current := v1.NewCryptoServiceClient(connection)
	created := []byte("2024-05-06T07:08:09Z")
	for _, profile := range profiles {
		for _, input := range [][]byte{nil, []byte("abc"), bytes.Repeat([]byte("x"), 1<<20)} {
			function := hashes[profile.hash]()
			function.Write(input)
			expected := function.Sum(nil)
			text := hex.EncodeToString(expected)

			g0Response, err := first.Hash(t.Context(), &g0.HashRequest{Profile: profile.name, Input: input,
				Metadata: &g0.Metadata{Id: "one", CreatedAt: created}})
			check(t, err)
			if g0Response.HashValue != text || g0Response.HashAlgorithm != profile.hash ||
				g0Response.Metadata.Id != "one" || !bytes.Equal(g0Response.Metadata.CreatedAt, created) {
				t.Errorf("G0 %s: %v", profile.name, g0Response)
			}

			g2Response, err := second.Hash(t.Context(), &old.HashRequest{Profile: profile.name, Input: input,
				Metadata: &old.Metadata{Id: "two", CreatedAtOrDeprecation: created,
					TraceContext: &v1.TraceContext{CorrelationId: "c"}}})
			check(t, err)
			if g2Response.HashValue != text || g2Response.HashAlgorithm != profile.hash ||
				g2Response.Metadata.Id != "two" || !bytes.Equal(g2Response.Metadata.CreatedAtOrDeprecation, created) ||
				g2Response.Metadata.TraceContext.CorrelationId != "c" {
				t.Errorf("G2 %s: %v", profile.name, g2Response)
			}

			for _, format := range []old.HashOutputFormat{old.HashOutputFormat_HEX, old.HashOutputFormat_RAW, 9} {
				response, err := second.HashData(t.Context(), &old.HashDataRequest{Profile: profile.name, Input: input,
					OutputFormat: format, Metadata: &old.Metadata{Id: "three"}})
				check(t, err)
				right := response.GetHashValueHex() == text
				if format == old.HashOutputFormat_RAW {
					right = bytes.Equal(response.GetHashValueRaw(), expected)
				}
				if !right || response.HashAlgorithm != profile.hash || response.Descriptor_.Operation != "HashData" {
					t.Errorf("G3 %s: %v", profile.name, response)
				}
			}

			response, err := current.HashData(t.Context(), &v1.HashDataRequest{Profile: profile.name, Input: input})
			check(t, err)
			if response.GetHashValueHex() != text || response.Descriptor_.Algorithm != profile.hash {
				t.Errorf("G4 %s: %v", profile.name, response)
			}
		}
	}
}

func TestHashStream(t *testing.T) {
	connection := start(t)
	stream, err := v1.NewStreamServiceClient(connection).HashStream(t.Context())
	check(t, err)
	header := &v1.HashStreamHeader{Profile: "Default", OutputFormat: v1.HashOutputFormat_HASH_OUTPUT_FORMAT_RAW}
	check(t, stream.Send(&v1.HashStreamRequest{Part: &v1.HashStreamRequest_Header{Header: header}}))
	function := sha3.New512()
	for index := range 200 {
		part := bytes.Repeat([]byte{byte(index)}, 37*index)
		function.Write(part)
		check(t, stream.Send(&v1.HashStreamRequest{Part: &v1.HashStreamRequest_Data{Data: part}}))
	}
	response, err := stream.CloseAndRecv()
	check(t, err)
	if !bytes.Equal(response.GetHashValueRaw(), function.Sum(nil)) {
		t.Error(response)
	}
}
