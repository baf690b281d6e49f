package interop

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"cryptobroker.example/interop/stubs/g0"
	"cryptobroker.example/interop/stubs/old"
	"cryptobroker.example/interop/stubs/v1"
	"google.golang.org/grpc/codes"
)

// authority is a CA certificate and key in PEM, and a certification request for a key of the subject.
type authority struct {
	certificate      *x509.Certificate
	certPEM, keyPEM  string
	csrPEM           string
	subjectPublicKey []byte
}

func encode(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func newAuthority(t *testing.T, key, subject crypto.Signer) authority {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		Subject:  pkix.Name{CommonName: "Interop CA", Organization: []string{"Example"}}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	certificate, err := x509.ParseCertificate(der)
	check(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	csr, err := x509.CreateCertificateRequest(rand.Reader,
		&x509.CertificateRequest{Subject: pkix.Name{CommonName: "leaf", Country: []string{"DE"}}}, subject)
	check(t, err)
	public, err := x509.MarshalPKIXPublicKey(subject.Public())
	check(t, err)
	return authority{certificate, encode("CERTIFICATE", der), encode("PRIVATE KEY", private),
		encode("CERTIFICATE REQUEST", csr), public}
}

// verify checks with Go's library that the CA issued the certificate for the subject's key.
func (a authority) verify(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	certificate, err := x509.ParseCertificate(der)
	check(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(a.certificate)
	_, err = certificate.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	check(t, err)
	if !bytes.Equal(certificate.RawSubjectPublicKeyInfo, a.subjectPublicKey) {
		t.Error("the certificate has a different public key")
	}
	if !bytes.Equal(certificate.RawIssuer, a.certificate.RawSubject) {
		t.Error("the certificate has a different issuer")
	}
	return certificate
}

// equivalent compares two certificates except for serial number, times and signature.
func equivalent(t *testing.T, what string, one, other *x509.Certificate) {
	t.Helper()
	if len(one.Extensions) != len(other.Extensions) || one.SignatureAlgorithm != other.SignatureAlgorithm ||
		!bytes.Equal(one.RawSubject, other.RawSubject) ||
		one.NotAfter.Sub(one.NotBefore) != other.NotAfter.Sub(other.NotBefore) {
		t.Errorf("%s: certificates differ", what)
		return
	}
	for index, extension := range one.Extensions {
		twin := other.Extensions[index]
		if !extension.Id.Equal(twin.Id) || extension.Critical != twin.Critical || !bytes.Equal(extension.Value, twin.Value) {
			t.Errorf("%s: extension %v differs", what, extension.Id)
		}
	}
}

func TestCertificates(t *testing.T) {
	connection := start(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	rsa3072, err := rsa.GenerateKey(rand.Reader, 3072)
	check(t, err)
	for name, ca := range map[string]authority{
		"Default":           newAuthority(t, p384, p256),
		"KSA-MODERATE-2020": newAuthority(t, rsa3072, rsa3072),
		"FIPS-140-3-128bit": newAuthority(t, rsa3072, p256),
		"FIPS-140-3-192bit": newAuthority(t, p384, p384),
	} {
		subject, urls := pointer("CN=other, O=Example"), []string{"http://crl.example/ca.crl"}
		response, err := v1.NewCryptoServiceClient(connection).SignCertificate(t.Context(), &v1.SignCertificateRequest{
			Profile: name, Csr: ca.csrPEM, CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM, Subject: subject,
			CrlDistributionPoints: urls})
		check(t, err)
		twin := ca.verify(t, response.GetDer())

		g0Response, err := g0.NewCryptoBrokerClient(connection).Sign(t.Context(), &g0.SignRequest{
			Profile: name, Csr: ca.csrPEM, CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM, Subject: subject,
			CrlDistributionPoints: urls, ValidNotBeforeOffset: pointer("-1h"), Metadata: &g0.Metadata{Id: "one"}})
		check(t, err)
		der, err := base64.StdEncoding.DecodeString(g0Response.SignedCertificate)
		check(t, err)
		equivalent(t, "G0 "+name, ca.verify(t, der), twin)

		client := old.NewCryptoGrpcClient(connection)
		g2Response, err := client.Sign(t.Context(), &old.SignRequest{
			Profile: name, Csr: ca.csrPEM, CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM, Subject: subject,
			CrlDistributionPoints: urls})
		check(t, err)
		der, err = base64.StdEncoding.DecodeString(g2Response.SignedCertificate)
		check(t, err)
		equivalent(t, "G2 "+name, ca.verify(t, der), twin)

		for _, format := range []old.SignOutputFormat{old.SignOutputFormat_DER, old.SignOutputFormat_PEM} {
			g3Response, err := client.SignCertificate(t.Context(), &old.SignCertificateRequest{
				Profile: name, Csr: ca.csrPEM, CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM, Subject: subject,
				CrlDistributionPoints: urls, OutputFormat: format})
			check(t, err)
			der := g3Response.GetDer()
			if format == old.SignOutputFormat_PEM {
				block, _ := pem.Decode([]byte(g3Response.GetPem()))
				der = block.Bytes
			}
			equivalent(t, "G3 "+name, ca.verify(t, der), twin)
		}

		before := uint64(time.Now().Unix())
		after := before + 3600
		g3Response, err := client.SignCertificate(t.Context(), &old.SignCertificateRequest{Profile: name, Csr: ca.csrPEM,
			CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM, ValidNotBefore: &before, ValidNotAfter: &after})
		check(t, err)
		timed := ca.verify(t, g3Response.GetDer())
		if uint64(timed.NotBefore.Unix()) != before || uint64(timed.NotAfter.Unix()) != after ||
			timed.Subject.CommonName != "leaf" {
			t.Errorf("%s: validity or subject differs", name)
		}

		far := before + 10*365*24*3600
		_, err = client.SignCertificate(t.Context(), &old.SignCertificateRequest{Profile: name, Csr: ca.csrPEM,
			CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM, ValidNotAfter: &far})
		rejected(t, err, codes.FailedPrecondition)
		_, err = client.Sign(t.Context(), &old.SignRequest{Profile: name, Csr: "no CSR",
			CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM})
		rejected(t, err, codes.InvalidArgument)
		_, err = client.SignCertificate(t.Context(), &old.SignCertificateRequest{Profile: "KSA-ADVANCED-2020",
			Csr: ca.csrPEM, CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM})
		rejected(t, err, codes.FailedPrecondition)
		_, err = client.SignCertificate(t.Context(), &old.SignCertificateRequest{Profile: "Nobody",
			Csr: ca.csrPEM, CaPrivateKey: ca.keyPEM, CaCert: ca.certPEM})
		rejected(t, err, codes.NotFound)
	}
}
