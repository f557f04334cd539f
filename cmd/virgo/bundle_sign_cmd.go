package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"virgo/cmd/internal/agent"
	"virgo/schedule/signature"
)

type bundleSignCmd struct {
	File         string `arg:"" help:"Bundle of checks."`
	Key          string `default:"bundle.key" placeholder:"FILE" help:"Secret key (default: ${default})."`
	PasswordFile string `placeholder:"FILE" help:"Read the key's password from the first line of FILE; - is standard input."`
}

// Help returns the text below the summary in the help.
func (bundleSignCmd) Help() string {
	return "Writes FILE.minisig, which minisign -V verifies too. What agents would not read is not signed. " +
		"Look at what you sign: virgo bundle show FILE."
}

type signDocument struct {
	document
	File      string `json:"file"`
	Signature string `json:"signature"`
	Name      string `json:"name"`
	Version   string `json:"version"`
	KeyID     string `json:"key_id"`
}

func (c *bundleSignCmd) Run(a *app) error {
	raw, err := readBundle(c.File)
	if err != nil {
		return err
	}
	bundle, err := parseBundle(c.File, raw)
	if err != nil {
		return err
	}
	signer, err := c.signer(a)
	if err != nil {
		return err
	}
	m := bundle.Manifest
	sig, err := signer.Sign(raw, a.Now(), "file:"+filepath.Base(c.File), "bundle:"+m.Name+" "+m.Version)
	if err != nil {
		return fmt.Errorf("signing %q: %w", c.File, err)
	}
	path := c.File + signature.MinisignExtension
	if err := writePublic(path, sig); err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(signDocument{document{schemaVersion}, c.File, path, m.Name, m.Version, signer.Key().ID})
	}
	_, err = fmt.Fprintf(a.Out, "signed %s %s with the key %s: %s\n", m.Name, m.Version, signer.Key().ID, path)
	return err
}

// signer reads the secret key.
func (c *bundleSignCmd) signer(a *app) (signature.Signer, error) {
	f, err := os.Open(c.Key)
	if err != nil {
		return signature.Signer{}, agent.WithCode(agent.ExitUsage, agent.WithHint(err,
			"virgo bundle keygen makes a key; --key FILE names one"))
	}
	defer f.Close()
	secret, err := io.ReadAll(io.LimitReader(f, signature.MaxKeyBytes+1))
	if err != nil {
		return signature.Signer{}, fmt.Errorf("reading the secret key: %w", err)
	}
	password := ""
	if signature.Encrypted(secret) {
		if password, err = a.readPassword(c.PasswordFile, "password of "+c.Key); err != nil {
			return signature.Signer{}, err
		}
	}
	signer, err := signature.ReadSecret(secret, password)
	if err != nil {
		err = agent.WithCode(agent.ExitUsage, fmt.Errorf("secret key %q: %w", c.Key, err))
		if !errors.Is(err, signature.ErrPassword) {
			err = agent.WithHint(err, "NAME.key of virgo bundle keygen or minisign -G is one; NAME.pub is not")
		}
	}
	return signer, err
}
