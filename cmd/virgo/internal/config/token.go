package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// maxTokenBytes bounds a token, and a file that holds one.
const maxTokenBytes = 4 << 10

// Token gives the secret itself, from where it lies now. Errors (*OwnersError) name where it was looked
// for, never what was found.
func (c Config) Token() (string, error) {
	kind, rest := c.Credential.split()
	switch kind {
	case fromFile:
		b, mode, err := readBounded(rest, maxTokenBytes)
		if err != nil {
			return "", &OwnersError{Err: fmt.Errorf("reading the token: %w", err)}
		}
		if err := ownersAlone(rest, mode); err != nil {
			return "", err
		}
		return oneToken(string(b), fmt.Sprintf("the file %q", rest))
	case fromEnv:
		return oneToken(c.getenv(rest), fmt.Sprintf("the environment variable %q", rest))
	case fromCredential:
		return c.credential(rest)
	}
	if rest == "" {
		return "", &OwnersError{errors.New("no token is configured"), "virgo setup --token-file FILE"}
	}
	return oneToken(rest, "the configuration")
}

// credential reads what systemd passes to a unit (systemd.exec(5), "Credentials"): a folder of the unit's
// own. Its modes are systemd's affair: where it grants access by a list, they look looser than they are.
func (c Config) credential(name string) (string, error) {
	if name == "" || name == "." || name == ".." || name != filepath.Base(name) || strings.ContainsAny(name, `/\`) {
		return "", owners("token: %.64q is no name of a credential", name)
	}
	dir := c.getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", &OwnersError{
			fmt.Errorf("token: credential %.64q: no systemd credentials are passed to this process", name),
			"LoadCredential=" + name + ":PATH in the unit",
		}
	}
	b, _, err := readBounded(filepath.Join(dir, name), maxTokenBytes)
	if err != nil {
		return "", &OwnersError{Err: fmt.Errorf("token: reading the credential %.64q: %w", name, err)}
	}
	return oneToken(string(b), fmt.Sprintf("the credential %q", name))
}

func oneToken(s, where string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", owners("token: %s is empty", where)
	}
	if err := checkToken(s); err != nil {
		return "", owners("token: %s: %w", where, err)
	}
	return s, nil
}

// TokenVariable is the environment variable that the token lies in (env:NAME); empty where it lies
// elsewhere. What this host starts must not inherit it.
func (c Config) TokenVariable() string {
	if kind, rest := c.Credential.split(); kind == fromEnv {
		return rest
	}
	return ""
}
