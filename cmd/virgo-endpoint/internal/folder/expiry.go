package folder

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// How long before its end a certificate is warned of. A CA's end needs a new file on every host that trusts
// it, so that takes longest.
const (
	warnBefore   = 30 * 24 * time.Hour
	warnBeforeCA = 90 * 24 * time.Hour
	// renewalTime is how long a renewal may be due before somebody is told: a server renews at once.
	renewalTime = 24 * time.Hour
)

// maxClientCerts bounds the clients' certificates that Certificates reads: some 50 ms, in which a server makes no
// handshakes.
const maxClientCerts = 1000

// A Role is what a certificate is for.
type Role string

// The roles.
const (
	ServerRole Role = "server"
	CARole     Role = "ca"
	ClientRole Role = "client"
)

// A CertificateState is a certificate of the folder.
type CertificateState struct {
	Role Role
	// File is its path below the folder.
	File string
	// Names are what a server's or client's is for.
	Names               []string
	NotBefore, NotAfter time.Time
	// Own is true if the folder's authority signed it; then the endpoint renews it by itself.
	Own bool
}

// Problem says what is wrong with the certificate at now, or soon will be, and the next step; empty if nothing
// is.
func (s *CertificateState) Problem(now time.Time) (what, next string) {
	left := s.NotAfter.Sub(now)
	switch {
	case s.NotBefore.After(now):
		return fmt.Sprintf("%s is not valid before %s", s.File, day(s.NotBefore)), "compare this host's clock"
	case s.Role == ServerRole && s.Own && left < renewBefore-renewalTime:
		return s.ends(left), "virgo-endpoint certificate renew"
	case s.Role == ServerRole && !s.Own && left < warnBefore:
		return s.ends(left), "it is not of this folder's authority: replace it, with the same key, so that pins stay valid"
	case s.Role == CARole && left < warnBeforeCA:
		return s.ends(left), "virgo-endpoint certificate renew --ca, and the new ca.pem to hosts that trust it instead of a pin"
	case s.Role == ClientRole && left < warnBefore:
		name := strings.TrimSuffix(filepath.Base(s.File), ".pem")
		return s.ends(left), "remove it, then virgo-endpoint init --client-cert " + name
	}
	return "", ""
}

// ends says when a certificate ends.
func (s *CertificateState) ends(left time.Duration) string {
	switch days := int(left.Hours() / 24); {
	case left <= 0:
		return fmt.Sprintf("%s ended on %s", s.File, day(s.NotAfter))
	case days == 0:
		return fmt.Sprintf("%s ends today or tomorrow, on %s", s.File, day(s.NotAfter))
	case days == 1:
		return fmt.Sprintf("%s ends in a day, on %s", s.File, day(s.NotAfter))
	default:
		return fmt.Sprintf("%s ends in %d days, on %s", s.File, days, day(s.NotAfter))
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// ServerCertificate returns the certificate that a server shows. Error: fs.ErrNotExist if the folder was never set
// up.
func ServerCertificate(dir Dir) (*x509.Certificate, error) { return readCert(dir.serverCert()) }

// Certificates returns the folder's certificates: the server's, the authority's if it is there, and clients'.
// Error: fs.ErrNotExist if the folder was never set up.
func Certificates(dir Dir) ([]CertificateState, error) {
	server, err := readCert(dir.serverCert())
	if err != nil {
		return nil, err
	}
	ca, err := readCert(dir.caCert())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	own := func(cert *x509.Certificate) bool { return ca != nil && issuedBy(cert, ca) }
	list := []CertificateState{dir.state(ServerRole, dir.serverCert(), server, own(server))}
	if ca != nil {
		list = append(list, dir.state(CARole, dir.caCert(), ca, true))
	}
	clients, err := os.ReadDir(dir.clientsDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range clients[:min(len(clients), maxClientCerts)] {
		name := entry.Name()
		if !strings.HasSuffix(name, ".pem") || strings.HasSuffix(name, "-key.pem") || strings.HasPrefix(name, ".") {
			continue
		}
		path := filepath.Join(dir.clientsDir(), name)
		cert, err := readCert(path)
		if err != nil {
			return nil, err
		}
		list = append(list, dir.state(ClientRole, path, cert, own(cert)))
	}
	return list, nil
}

func (d Dir) state(role Role, path string, cert *x509.Certificate, own bool) CertificateState {
	file, err := filepath.Rel(string(d), path)
	if err != nil {
		file = path
	}
	names := hostsOf(cert)
	if len(names) == 0 && cert.Subject.CommonName != "" {
		names = []string{cert.Subject.CommonName}
	}
	return CertificateState{role, filepath.ToSlash(file), names, cert.NotBefore, cert.NotAfter, own}
}

// A CertificateProblem is a certificate that ends soon, and what to do.
type CertificateProblem struct{ What, Next string }

// CertificateProblems returns what is wrong with the folder's certificates at now, also that they cannot be
// read.
func CertificateProblems(dir Dir, now time.Time) (problems []CertificateProblem) {
	list, err := Certificates(dir)
	if err != nil {
		return []CertificateProblem{{"the certificates cannot be read: " + err.Error(), ""}}
	}
	for _, s := range list {
		if what, next := s.Problem(now); what != "" {
			problems = append(problems, CertificateProblem{what, next})
		}
	}
	return problems
}
