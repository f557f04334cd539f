package remote

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/icholy/digest"
	"golang.org/x/net/http/httpguts"
)

const (
	// maxChallenges is how many challenges of a response are read.
	maxChallenges = 16
	// maxAuthorizationBytes is the longest Authorization header, which repeats parts of the
	// challenge.
	maxAuthorizationBytes = 8 << 10
)

// errNoChallenge is returned when a server offers neither basic nor digest authentication.
var errNoChallenge = errors.New("the server asks for a login other than basic or digest")

// authorize returns the Authorization header for the challenges of a 401. It prefers digest, which
// does not send the password. Errors: errNoChallenge, and of digests that cannot be computed.
func (l login) authorize(m httpMessage, response http.Header) (string, error) {
	all := challenges(response.Values("Www-Authenticate"))
	lastErr := errNoChallenge
	for _, text := range all {
		if !digest.IsDigest(text) {
			continue
		}
		header, err := l.digest(m, text)
		if err == nil {
			return header, nil
		}
		lastErr = err
	}
	for _, text := range all {
		if scheme, _, _ := strings.Cut(text, " "); strings.EqualFold(scheme, "basic") {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.user+":"+l.password)), nil
		}
	}
	return "", lastErr
}

// digest returns the Authorization header for a digest challenge.
func (l login) digest(m httpMessage, text string) (string, error) {
	challenge, err := digest.ParseChallenge(text)
	if err != nil {
		return "", errors.New("the server's digest challenge is invalid")
	}
	for i := range challenge.QOP {
		challenge.QOP[i] = strings.ToLower(strings.TrimSpace(challenge.QOP[i]))
	}
	if !digest.CanDigest(challenge) {
		return "", fmt.Errorf("the server asks for an unsupported digest: algorithm %.32q",
			challenge.Algorithm)
	}
	credentials, err := digest.Digest(challenge, digest.Options{
		Method: m.method, URI: m.url.RequestURI(), Username: l.user, Password: l.password,
		GetBody: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(m.payload)), nil
		},
	})
	if err != nil {
		return "", fmt.Errorf("computing the digest for the server's challenge: %w", err)
	}
	header := credentials.String()
	if len(header) > maxAuthorizationBytes || !httpguts.ValidHeaderFieldValue(header) {
		return "", errors.New("the server's digest challenge is too long or not valid in a header")
	}
	return header, nil
}

// challenges splits the values of WWW-Authenticate into challenges. A value may have several,
// separated by commas as the parameters of one are (RFC 9110, 11.6.1); a challenge begins with a
// word that is not followed by "=".
func challenges(values []string) []string {
	var all []string
	for _, value := range values {
		for _, part := range splitOutsideQuotes(value) {
			word, rest, _ := strings.Cut(part, " ")
			begins := !strings.Contains(word, "=") && !strings.HasPrefix(strings.TrimSpace(rest), "=")
			switch {
			case begins && len(all) == maxChallenges:
				return all
			case begins:
				all = append(all, part)
			case len(all) > 0:
				all[len(all)-1] += ", " + part
			}
		}
	}
	return all
}

// splitOutsideQuotes splits a value at commas outside quotation marks, and trims the parts.
func splitOutsideQuotes(value string) []string {
	var all []string
	start, quoted, escaped := 0, false, false
	take := func(end int) {
		if part := strings.TrimSpace(value[start:end]); part != "" {
			all = append(all, part)
		}
	}
	for i := range len(value) {
		switch c := value[i]; {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			take(i)
			start = i + 1
		}
	}
	take(len(value))
	return all
}
