package transporttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"

	"virgo/transport"
)

// An Authority signs certificates (ECDSA P-256). It lives in memory.
type Authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// Certificates are valid today and in the year 2000, where synctest's fake clock starts.
var (
	alwaysFrom = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	alwaysTo   = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)
)

// NewAuthority makes an authority with a new key.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "transporttest authority"},
		NotBefore:             alwaysFrom,
		NotAfter:              alwaysTo,
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{key, cert}, err
}

// PEM returns the authority's certificate as the content of a CA file.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// A Certificate describes a certificate to issue. The zero value is a valid one for localhost,
// 127.0.0.1 and ::1.
type Certificate struct {
	// Names are host names and addresses; nil means loopback's.
	Names []string
	// NotBefore and NotAfter bound its validity; zero means 1990 and 2090.
	NotBefore, NotAfter time.Time
	// SelfSigned means that the certificate's own key signs it.
	SelfSigned bool
}

// Issue makes a certificate with a new key.
func (a *Authority) Issue(c Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	if c.Names == nil {
		c.Names = []string{"localhost", "127.0.0.1", "::1"}
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "transporttest endpoint"},
		NotBefore:    alwaysFrom,
		NotAfter:     alwaysTo,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if !c.NotBefore.IsZero() {
		template.NotBefore = c.NotBefore
	}
	if !c.NotAfter.IsZero() {
		template.NotAfter = c.NotAfter
	}
	for _, name := range c.Names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	parent, signer := a.cert, a.key
	if c.SelfSigned {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// Pin returns the pin of a certificate, as an agent is configured with it.
func Pin(cert tls.Certificate) string { return transport.PinOf(cert.Leaf).String() }
