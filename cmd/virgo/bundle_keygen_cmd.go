package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/atomicfile"
	"virgo/schedule/signature"
)

type bundleKeygenCmd struct {
	Out          string `short:"o" name:"out" default:"bundle" placeholder:"NAME" help:"Write NAME.key and NAME.pub (default: ${default})."`
	NoPassword   bool   `xor:"password" help:"Do not protect the secret key with a password."`
	PasswordFile string `xor:"password" placeholder:"FILE" help:"Read the password from the first line of FILE; - is standard input."`
}

// Help returns the text below the summary in the help.
func (bundleKeygenCmd) Help() string {
	return "Writes two files in the form of minisign. NAME.key signs: keep it where bundles are " +
		"built, never on an endpoint or a monitored host. NAME.pub is what hosts trust, in " +
		"bundle_signers of virgo.yaml. Existing files are never overwritten."
}

type keygenDocument struct {
	document
	SecretFile string `json:"secret_file"`
	PublicFile string `json:"public_file"`
	// Key is what stands in bundle_signers.
	Key string `json:"key"`
	ID  string `json:"id"`
}

func (c *bundleKeygenCmd) Run(a *app) error {
	secretFile, publicFile := c.Out+".key", c.Out+".pub"
	for _, path := range []string{secretFile, publicFile} {
		if _, err := os.Lstat(path); err == nil {
			return keyExists(path)
		}
	}
	password, err := c.password(a)
	if err != nil {
		return err
	}
	secret, public, err := signature.Generate(password)
	if err != nil {
		return fmt.Errorf("making the keys: %w", err)
	}
	key, err := signature.ParseKey(string(public))
	if err != nil {
		return fmt.Errorf("reading the new public key: %w", err)
	}
	if err := writeSecret(secretFile, secret); err != nil {
		return err
	}
	if err := writePublic(publicFile, public); err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(keygenDocument{document{schemaVersion}, secretFile, publicFile, key.Text(), key.ID})
	}
	_, err = fmt.Fprintf(a.Out, "secret key  %s, which signs: keep it off endpoints and monitored hosts\n"+
		"public key  %s\n"+
		"trust it    with these lines in virgo.yaml of each host:\n"+
		"bundle_signers:\n  - %s\n", secretFile, publicFile, key.Text())
	return err
}

// password returns an empty one for a key without.
func (c *bundleKeygenCmd) password(a *app) (string, error) {
	if c.NoPassword {
		return "", nil
	}
	password, err := a.readPassword(c.PasswordFile, "password of the new key")
	if err != nil || c.PasswordFile != "" {
		return password, err
	}
	if password == "" {
		return "", agent.UsageError("an empty password protects nothing; --no-password makes a key without")
	}
	again, err := a.readPassword("", "the same again")
	if err == nil && again != password {
		err = agent.UsageError("the passwords differ")
	}
	return password, err
}

func keyExists(path string) error {
	return agent.WithCode(agent.ExitUsage, agent.WithHint(
		fmt.Errorf("%q already exists", path),
		"-o NAME gives another name; hosts that trust the old key need it in bundle_signers until all have the new one",
	))
}

func writeSecret(path string, secret []byte) error {
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(secret); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	if err := f.Place(); errors.Is(err, fs.ErrExist) {
		return keyExists(path)
	} else if err != nil {
		return err
	}
	return nil
}
