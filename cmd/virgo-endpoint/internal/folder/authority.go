package folder

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
	"slices"
	"time"
)

const (
	caLifetime   = 10 * 365 * 24 * time.Hour
	leafLifetime = 825 * 24 * time.Hour // of servers' and clients' certificates
	// backdated lets hosts whose clocks are behind accept a certificate at once.
	backdated = 24 * time.Hour
	// renewBefore is how long before its end the endpoint renews a server certificate of its own CA.
	renewBefore = 30 * 24 * time.Hour
)

// ErrNoCAKey is returned when a certificate is to be signed and the authority's key is not in the folder.
var ErrNoCAKey = errors.New("the certificate authority's key is not in the folder")

// newKey makes an ECDSA P-256 key and returns it also as PEM (PKCS #8).
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

// newCA makes a certificate authority's own certificate, as PEM. It may sign certificates of servers and
// clients, but not of other authorities.
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

// An authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// readAuthority reads the folder's own authority. Error: ErrNoCAKey.
func readAuthority(dir Dir) (authority, error) {
	ca, err := readCert(dir.caCert())
	if err != nil {
		return authority{}, err
	}
	key, err := readKey(dir.caKey())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return authority{}, fmt.Errorf("%w: %q", ErrNoCAKey, dir.caKey())
	case err != nil:
		return authority{}, err
	case !keyMatches(ca, key):
		return authority{}, fmt.Errorf("%q is not the key of %q", dir.caKey(), dir.caCert())
	}
	return authority{ca, key}, nil
}

// serverCert makes a server's certificate for these host names and addresses, as PEM, followed by the
// authority's own.
func (a authority) serverCert(key *ecdsa.PrivateKey, hosts []string, now time.Time) ([]byte, error) {
	t := x509.Certificate{Subject: pkix.Name{CommonName: "virgo-endpoint"}}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	return a.sign(t, key, x509.ExtKeyUsageServerAuth, now)
}

// clientCert makes a client's certificate, as PEM, followed by the authority's own. It is not valid for
// a server.
func (a authority) clientCert(key *ecdsa.PrivateKey, name string, now time.Time) ([]byte, error) {
	return a.sign(x509.Certificate{Subject: pkix.Name{CommonName: name}}, key, x509.ExtKeyUsageClientAuth, now)
}

func (a authority) sign(t x509.Certificate, key *ecdsa.PrivateKey, usage x509.ExtKeyUsage,
	now time.Time) ([]byte, error) {
	t.SerialNumber = serial()
	t.NotBefore, t.NotAfter = now.Add(-backdated), now.Add(leafLifetime)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{usage}
	der, err := x509.CreateCertificate(rand.Reader, &t, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return append(certPEM(der), certPEM(a.cert.Raw)...), nil
}

// hostsOf returns the names and addresses that a certificate is for.
func hostsOf(cert *x509.Certificate) []string {
	hosts := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts
}

// keyMatches reports whether a certificate is for this key.
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

// issuedBy reports whether a certificate was signed by this authority.
func issuedBy(cert, ca *x509.Certificate) bool {
	return bytes.Equal(cert.RawIssuer, ca.RawSubject) && cert.CheckSignatureFrom(ca) == nil
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// serial returns a random serial number of 127 bits: positive, at most 20 octets (RFC 5280, 4.1.2.2).
func serial() *big.Int {
	var b [16]byte
	rand.Read(b[:])
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b[:])
}

// keyName returns a short fingerprint, which distinguishes authorities in a list of certificates.
func keyName(pub *ecdsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:4])
}
