package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"virgo/schedule/ownership"
)

// maxTokenBytes bounds a token, and a file with one.
const maxTokenBytes = 4 << 10

// Token reads the token. Errors (*Error) name its source, never its value.
func (c Config) Token() (string, error) {
	if c.Credential.reference() == "" {
		return "", &Error{errors.New("no token is configured"), "virgo setup --token-file FILE"}
	}
	return c.readSecret("token", c.Credential)
}

// readSecret reads what a secret or a reference to one is; what names it in errors.
func (c Config) readSecret(what string, s Secret) (string, error) {
	kind, rest := s.split()
	switch kind {
	case fromFile:
		b, mode, err := readAnyones(rest, maxTokenBytes)
		if err != nil {
			return "", &Error{Err: err}
		}
		if err := checkPrivate(rest, mode); err != nil {
			return "", err
		}
		if err := ownership.Check(rest); err != nil {
			return "", unsafeOr(err, "%w")
		}
		return oneToken(what, string(b), fmt.Sprintf("the file %q", rest))
	case fromEnv:
		return oneToken(what, c.getenv(rest), fmt.Sprintf("the environment variable %q", rest))
	case fromCredential:
		return c.credential(what, rest)
	}
	return oneToken(what, rest, "the configuration")
}

// TokenOr reads the token; if none is configured, that of a file, which may be missing: then it is
// empty. Errors are those of [Config.Token].
func (c Config) TokenOr(path string) (string, error) {
	if c.HasToken() {
		return c.Token()
	}
	c.Credential = secret(fromFile + ":" + path)
	token, err := c.Token()
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return token, err
}

// credential reads a credential that systemd passes to a unit (systemd.exec(5), "Credentials"). Its
// mode and its owner are not checked: access control lists make the mode look more permissive than it
// is, and systemd made the folder.
func (c Config) credential(what, name string) (string, error) {
	if name == "" || name == "." || name == ".." || name != filepath.Base(name) || strings.ContainsAny(name, `/\`) {
		return "", errorf("%s: %.64q is not the name of a credential", what, name)
	}
	dir := c.getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", &Error{
			fmt.Errorf("%s: credential %.64q: no systemd credentials are passed to this process", what, name),
			"LoadCredential=" + name + ":PATH in the unit",
		}
	}
	b, _, err := readAnyones(filepath.Join(dir, name), maxTokenBytes)
	if err != nil {
		return "", &Error{Err: fmt.Errorf("%s: reading the credential %.64q: %w", what, name, err)}
	}
	return oneToken(what, string(b), fmt.Sprintf("the credential %q", name))
}

func oneToken(what, s, where string) (string, error) {
	s = strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))
	if s == "" {
		return "", errorf("%s: %s is empty", what, where)
	}
	if err := checkToken(s); err != nil {
		return "", errorf("%s: %s: %w", what, where, err)
	}
	return s, nil
}

// TokenVariable returns the name of the environment variable that contains the token (env:NAME);
// empty if the token is elsewhere. Programs that the agent starts must not inherit it.
func (c Config) TokenVariable() string {
	if kind, rest := c.Credential.split(); kind == fromEnv {
		return rest
	}
	return ""
}
