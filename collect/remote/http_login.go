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
	// maxChallenges of an answer are looked at.
	maxChallenges = 16
	// maxAnswerBytes bounds the header that answers a challenge, since it repeats parts of that.
	maxAnswerBytes = 8 << 10
)

// errNoChallenge is returned where a server asks for a login in no way that is known.
var errNoChallenge = errors.New("the server asks for a login other than basic or digest")

// answer is the Authorization header that a 401's challenges ask for: digest before basic, since that does not send
// the password. Errors: errNoChallenge, and of a digest that cannot be made.
func (l login) answer(m message, asked http.Header) (string, error) {
	all := challenges(asked.Values("Www-Authenticate"))
	failed := errNoChallenge
	for _, text := range all {
		if !digest.IsDigest(text) {
			continue
		}
		line, err := l.digest(m, text)
		if err == nil {
			return line, nil
		}
		failed = err
	}
	for _, text := range all {
		if scheme, _, _ := strings.Cut(text, " "); strings.EqualFold(scheme, "basic") {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.user+":"+l.password)), nil
		}
	}
	return "", failed
}

func (l login) digest(m message, text string) (string, error) {
	asked, err := digest.ParseChallenge(text)
	if err != nil {
		return "", errors.New("the server's digest challenge cannot be read")
	}
	for i := range asked.QOP {
		asked.QOP[i] = strings.ToLower(strings.TrimSpace(asked.QOP[i]))
	}
	if !digest.CanDigest(asked) {
		return "", fmt.Errorf("the server asks for a digest that is not known: algorithm %.32q", asked.Algorithm)
	}
	answer, err := digest.Digest(asked, digest.Options{
		Method: m.method, URI: m.url.RequestURI(), Username: l.user, Password: l.password,
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(m.payload)), nil },
	})
	if err != nil {
		return "", fmt.Errorf("the server's digest challenge cannot be answered: %w", err)
	}
	line := answer.String()
	if len(line) > maxAnswerBytes || !httpguts.ValidHeaderFieldValue(line) {
		return "", errors.New("the server's digest challenge cannot be repeated to it")
	}
	return line, nil
}

// challenges parts the values of WWW-Authenticate into challenges: several may stand in one value, with commas between
// them as between the parameters of one (RFC 9110, 11.6.1). A challenge begins where a word is not followed by "=".
func challenges(values []string) []string {
	var all []string
	for _, value := range values {
		for _, part := range parts(value) {
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

// parts are what commas outside of quotes part, without the spaces around them.
func parts(value string) []string {
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
