package api

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

// maxCertificates are decoded of one text, and maxNames are reported of one certificate.
const (
	maxCertificates = 100
	maxNames        = 1000
)

func x509Module() script.Module {
	return script.Module{
		Name: "x509", Pure: true,
		Doc: "Certificates.",
		Functions: []script.Function{
			{Name: "decode", Signature: "x509.decode(text) -> {certificate, ...}", MinArgs: 1, MaxArgs: 1,
				Doc: "The certificates of a text in PEM, whose other blocks are passed over, or of " +
					"one in DER. Each has subject, issuer, names (a list of DNS names and " +
					"addresses), not_before, not_after (seconds since 1970), serial, sha256 " +
					"(hexadecimal) and ca (true or false). More than 100, none, or one that cannot " +
					"be read give nil and why.",
				Call: func(c *script.Call, l *lua.LState) int {
					list, err := decodeCertificates(textAt(c, l, 1))
					if err != nil {
						return c.Fail(l, err)
					}
					values := make([]lua.LValue, len(list))
					for i, cert := range list {
						values[i] = certificateTable(l, cert)
					}
					l.Push(tableOf(l, values))
					return 1
				}},
		},
	}
}

func decodeCertificates(text string) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	rest := []byte(text)
	first := true
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		rest, first = after, false
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" {
			continue
		}
		if len(list) == maxCertificates {
			return nil, fmt.Errorf("more than %d certificates", maxCertificates)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(list)+1, err)
		}
		list = append(list, cert)
	}
	if len(list) > 0 {
		return list, nil
	}
	if !first {
		return nil, errors.New("there is no certificate")
	}
	cert, err := x509.ParseCertificate(rest)
	if err != nil {
		return nil, errors.New("neither a certificate in PEM nor one in DER")
	}
	return []*x509.Certificate{cert}, nil
}

func certificateTable(l *lua.LState, cert *x509.Certificate) *lua.LTable {
	var names []lua.LValue
	add := func(name string) {
		if len(names) < maxNames {
			names = append(names, lua.LString(name))
		}
	}
	for _, name := range cert.DNSNames {
		add(name)
	}
	for _, ip := range cert.IPAddresses {
		add(ip.String())
	}
	sum := sha256.Sum256(cert.Raw)
	t := l.CreateTable(0, 8)
	t.RawSetString("subject", lua.LString(cert.Subject.String()))
	t.RawSetString("issuer", lua.LString(cert.Issuer.String()))
	t.RawSetString("names", tableOf(l, names))
	t.RawSetString("not_before", lua.LNumber(cert.NotBefore.Unix()))
	t.RawSetString("not_after", lua.LNumber(cert.NotAfter.Unix()))
	t.RawSetString("serial", lua.LString(cert.SerialNumber.Text(16)))
	t.RawSetString("sha256", lua.LString(hex.EncodeToString(sum[:])))
	t.RawSetString("ca", lua.LBool(cert.IsCA))
	return t
}
