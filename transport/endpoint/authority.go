package endpoint

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"
)

const (
	caLifetime     = 10 * 365 * 24 * time.Hour
	serverLifetime = 825 * 24 * time.Hour
	clientLifetime = serverLifetime
	// backdated lets hosts whose clocks are behind take a certificate at once.
	backdated = 24 * time.Hour
	// renewBefore is how long before its end the endpoint renews a server certificate of its own CA.
	renewBefore = 30 * 24 * time.Hour
)

// newKey makes an ECDSA P-256 key, as PEM (PKCS #8).
func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// newCA makes a certificate authority's own certificate, as PEM. It may sign servers' certificates and
// no other authority's.
func newCA(key *ecdsa.PrivateKey, now time.Time) ([]byte, error) {
	t := x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "virgo-endpoint CA " + keyName(&key.PublicKey)},
		NotBefore:             now.Add(-backdated),
		NotAfter:              now.Add(caLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, &t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return certPEM(der), nil
}

// newServerCert makes a server's certificate for these host names and addresses, as PEM, the
// authority's own after it.
func newServerCert(key *ecdsa.PrivateKey, ca *x509.Certificate, caKey *ecdsa.PrivateKey, hosts []string, now time.Time) ([]byte, error) {
	t := x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "virgo-endpoint"},
		NotBefore:    now.Add(-backdated),
		NotAfter:     now.Add(serverLifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	return append(certPEM(der), certPEM(ca.Raw)...), nil
}

// newClientCert makes a client's certificate, as PEM, the authority's own after it. It is no server's.
func newClientCert(key *ecdsa.PrivateKey, ca *x509.Certificate, caKey *ecdsa.PrivateKey, name string, now time.Time) ([]byte, error) {
	t := x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-backdated),
		NotAfter:     now.Add(clientLifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	return append(certPEM(der), certPEM(ca.Raw)...), nil
}

// readAuthority reads the folder's own authority. Error: errNoCAKey.
func readAuthority(f Folder) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	ca, err := readCert(f.caCert())
	if err != nil {
		return nil, nil, err
	}
	key, err := readKey(f.caKey())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%w: %q", errNoCAKey, f.caKey())
	case err != nil:
		return nil, nil, err
	case !keyMatches(ca, key):
		return nil, nil, fmt.Errorf("%q is not the key of %q", f.caKey(), f.caCert())
	}
	return ca, key, nil
}

// hostsOf lists the names and addresses that a certificate is for.
func hostsOf(cert *x509.Certificate) []string {
	hosts := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts
}

// keyMatches says whether a certificate is of this key.
func keyMatches(cert *x509.Certificate, key *ecdsa.PrivateKey) bool {
	pub, ok := cert.PublicKey.(*ecdsa.PublicKey)
	return ok && pub.Equal(&key.PublicKey)
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("reading %q: no PEM block in it", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the key %q: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("reading the key %q: it is a %T, not an ECDSA key", path, parsed)
	}
	return key, nil
}

// readCert reads the first certificate of a file.
func readCert(path string) (*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("reading %q: no certificate in it", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate %q: %w", path, err)
	}
	return cert, nil
}

// issuedBy says whether a certificate was signed by this authority.
func issuedBy(cert, ca *x509.Certificate) bool {
	return bytes.Equal(cert.RawIssuer, ca.RawSubject) && cert.CheckSignatureFrom(ca) == nil
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// serial is a random serial number of 127 bits: positive, at most 20 octets (RFC 5280, 4.1.2.2).
func serial() *big.Int {
	var b [16]byte
	rand.Read(b[:])
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b[:])
}

// keyName tells one authority from another in a person's list of certificates.
func keyName(pub *ecdsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:4])
}

// errNoCAKey is returned when a server certificate is wanted and the authority's key is kept elsewhere.
var errNoCAKey = errors.New("the certificate authority's key is not in the folder")
