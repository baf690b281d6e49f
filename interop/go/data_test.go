package interop

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"testing"

	"cryptobroker.example/interop/stubs/old"
	"cryptobroker.example/interop/stubs/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func raw(key []byte) *v1.KeySource {
	return &v1.KeySource{Source: &v1.KeySource_RawKey{RawKey: key}}
}

func single(key []byte) *v1.SignKeySource {
	return &v1.SignKeySource{Source: &v1.SignKeySource_Single{Single: raw(key)}}
}

func random(t *testing.T, length int) []byte {
	t.Helper()
	bytes := make([]byte, length)
	_, err := rand.Read(bytes)
	check(t, err)
	return bytes
}

func TestEncryption(t *testing.T) {
	connection := start(t)
	client := old.NewCryptoGrpcClient(connection)
	for _, profile := range profiles {
		if profile.keyBytes == 0 {
			_, err := client.EncryptData(t.Context(), &v1.EncryptDataRequest{Profile: profile.name, KeySource: raw(make([]byte, 16)),
				EncryptMetadata: &v1.EncryptMetadata{Nonce: make([]byte, 12)}})
			rejected(t, err, codes.FailedPrecondition)
			continue
		}
		key, nonce, aad := random(t, profile.keyBytes), random(t, 12), []byte("associated")
		block, err := aes.NewCipher(key)
		check(t, err)
		gcm, err := cipher.NewGCMWithTagSize(block, profile.tagBytes)
		check(t, err)
		for _, length := range []int{0, 1, 15, 16, 1000, 1 << 20} {
			text := random(t, length)
			expected := gcm.Seal(nil, nonce, text, aad)
			sealed, err := client.EncryptData(t.Context(), &v1.EncryptDataRequest{Profile: profile.name, KeySource: raw(key),
				Plaintext: text, EncryptMetadata: &v1.EncryptMetadata{Nonce: nonce, Aad: aad}})
			check(t, err)
			cipherMetadata := sealed.CipherMetadata
			if !bytes.Equal(append(bytes.Clone(sealed.Ciphertext), cipherMetadata.Tag...), expected) ||
				!bytes.Equal(cipherMetadata.Nonce, nonce) || !bytes.Equal(cipherMetadata.Aad, aad) ||
				sealed.Descriptor_.Algorithm != "aes-gcm" {
				t.Errorf("%s, %d bytes: the ciphertext differs", profile.name, length)
			}
			request := &v1.DecryptDataRequest{Profile: profile.name, KeySource: raw(key), Ciphertext: expected[:length],
				DecryptMetadata: &v1.DecryptMetadata{Nonce: nonce, Aad: aad, Tag: expected[length:]}}
			opened, err := client.DecryptData(t.Context(), request)
			check(t, err)
			if !bytes.Equal(opened.Plaintext, text) {
				t.Errorf("%s, %d bytes: the plaintext differs", profile.name, length)
			}
			request.DecryptMetadata.Tag[0] ^= 1
			_, err = client.DecryptData(t.Context(), request)
			rejected(t, err, codes.InvalidArgument)
		}
		_, err = client.EncryptData(t.Context(), &v1.EncryptDataRequest{Profile: profile.name, KeySource: raw(key),
			EncryptMetadata: &v1.EncryptMetadata{Nonce: nonce[:11]}})
		rejected(t, err, codes.InvalidArgument)
	}
}

func TestSignatures(t *testing.T) {
	client := v1.NewCryptoServiceClient(start(t))
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	check(t, err)
	message := []byte("a contract")
	digest := sha512.Sum512(message)
	made, err := client.SignData(t.Context(), &v1.SignDataRequest{Profile: "Default", KeySource: single(private), Input: message})
	check(t, err)
	if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], made.Signature) {
		t.Error("Go rejects the broker's signature")
	}
	theirs, err := key.Sign(rand.Reader, digest[:], crypto.SHA512)
	check(t, err)
	request := &v1.VerifyDataRequest{Profile: "Default", KeySource: single(public), Input: message, Signature: theirs}
	response, err := client.VerifyData(t.Context(), request)
	check(t, err)
	if !response.Valid {
		t.Error("the broker rejects Go's signature")
	}
	request.Input = []byte("another contract")
	response, err = client.VerifyData(t.Context(), request)
	check(t, err)
	if response.Valid {
		t.Error("the broker accepts a signature of other data")
	}
	_, err = client.SignData(t.Context(), &v1.SignDataRequest{Profile: "Default",
		KeySource: single(ed25519PKCS8(t)), Input: []byte("x")})
	rejected(t, err, codes.FailedPrecondition)
}

// SignData and VerifyData were never released on the service path of the versions before cryptobroker.v1.
func TestSignaturesAreNotServedOnTheOldPath(t *testing.T) {
	connection := start(t)
	for method, request := range map[string]proto.Message{
		"SignData":   &v1.SignDataRequest{Profile: "Default", KeySource: single(ed25519PKCS8(t)), Input: []byte("x")},
		"VerifyData": &v1.VerifyDataRequest{Profile: "Default", KeySource: single(ed25519PKCS8(t)), Input: []byte("x")},
	} {
		err := connection.Invoke(t.Context(), "/CryptoBroker.CryptoGrpc/"+method, request, &v1.SignDataResponse{})
		rejected(t, err, codes.Unimplemented)
	}
}

func ed25519PKCS8(t *testing.T) []byte {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	return der
}

func TestEncapsulation(t *testing.T) {
	client := v1.NewKemServiceClient(start(t))
	const profile = "PQC-ML-DSA-65" // its KEM is ML-KEM-768
	for range 20 {
		// The broker encapsulates, Go decapsulates.
		key, err := mlkem.GenerateKey768()
		check(t, err)
		made, err := client.Encapsulate(t.Context(), &v1.EncapsulateRequest{Profile: profile,
			KeySource: raw(key.EncapsulationKey().Bytes())})
		check(t, err)
		secret, err := key.Decapsulate(made.Ciphertext)
		check(t, err)
		if !bytes.Equal(secret, made.SharedSecret) {
			t.Error("Go recovers a different secret from the broker's ciphertext")
		}

		// Go encapsulates, the broker decapsulates with a key that it generated.
		pair, err := client.GenerateKeyPair(t.Context(), &v1.GenerateKeyPairRequest{Profile: profile})
		check(t, err)
		public, err := mlkem.NewEncapsulationKey768(pair.PublicKey)
		check(t, err)
		secret, ciphertext := public.Encapsulate()
		request := &v1.DecapsulateRequest{Profile: profile, KeySource: raw(pair.PrivateKey), Ciphertext: ciphertext}
		opened, err := client.Decapsulate(t.Context(), request)
		check(t, err)
		if !bytes.Equal(secret, opened.SharedSecret) {
			t.Error("the broker recovers a different secret from Go's ciphertext")
		}

		// Both recover the same different secret from a manipulated ciphertext.
		request.Ciphertext[100] ^= 1
		private, err := mlkem.NewDecapsulationKey768(pair.PrivateKey)
		check(t, err)
		implicit, err := private.Decapsulate(request.Ciphertext)
		check(t, err)
		opened, err = client.Decapsulate(t.Context(), request)
		check(t, err)
		if bytes.Equal(secret, opened.SharedSecret) || !bytes.Equal(implicit, opened.SharedSecret) {
			t.Error("implicit rejection differs")
		}
	}
	_, err := client.Encapsulate(t.Context(), &v1.EncapsulateRequest{Profile: profile, KeySource: raw(make([]byte, 1183))})
	rejected(t, err, codes.InvalidArgument)
}
