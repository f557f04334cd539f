package api

import (
	"crypto/tls"
	"crypto/x509"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

// tlsDoc describes the options of TLS.
const tlsDoc = "Options of TLS: insecure=true takes any certificate, ca is a text in PEM with the " +
	"authorities to trust instead of the system's, server_name another name than the host's, cert " +
	"and key are a certificate of the client with its key, as texts in PEM."

// tlsNames are the options of TLS.
func tlsNames() []string { return []string{"insecure", "ca", "server_name", "cert", "key"} }

// tlsOptions reads the options of TLS.
func tlsOptions(o options, host string) *tls.Config {
	config := &tls.Config{ServerName: o.text("server_name", host), InsecureSkipVerify: o.flag("insecure", false)}
	if pem := o.text("ca", ""); pem != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(pem)) {
			o.l.ArgError(o.arg, "option ca: no certificate in PEM")
		}
	}
	if cert, key := o.text("cert", ""), o.text("key", ""); cert != "" || key != "" {
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil { // which may quote the key
			o.l.ArgError(o.arg, "options cert and key: want a certificate and its key, in PEM")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

// pushCertificate pushes the server's certificate, nil without TLS.
func pushCertificate(l *lua.LState, state *tls.ConnectionState) int {
	if state == nil || len(state.PeerCertificates) == 0 {
		l.Push(lua.LNil)
	} else {
		l.Push(certificateTable(l, state.PeerCertificates[0]))
	}
	return 1
}

func networkOf(c *script.Call) script.Network {
	if c.World.Network != nil {
		return c.World.Network
	}
	return hostNetwork{}
}

func webOf(c *script.Call) script.Web {
	if c.World.Web != nil {
		return c.World.Web
	}
	return hostNetwork{}
}
