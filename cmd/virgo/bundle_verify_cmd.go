package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/renewal"
	"virgo/schedule/signature"
)

type bundleVerifyCmd struct {
	File      string   `arg:"" optional:"" help:"Bundle of checks; its signature lies beside it, as FILE.minisig or FILE.sig."`
	Installed bool     `help:"Verify the bundle that is installed here."`
	Key       []string `sep:"none" placeholder:"KEY" help:"Public key, or a file with one, instead of bundle_signers of virgo.yaml; may be repeated."`
}

// Help returns the text below the summary in the help.
func (bundleVerifyCmd) Help() string {
	return "Does what an agent does before it installs a bundle: the signature, then the form of the " +
		"file, then the version of virgo that it needs."
}

type verifyDocument struct {
	document
	File       string `json:"file"`
	Name       string `json:"name"`
	Version    string `json:"version"`
	KeyID      string `json:"key_id"`
	Comment    string `json:"comment,omitempty"`
	SignedMS   int64  `json:"signed_ms,omitempty"`
	SHA256     string `json:"sha256"`
	Scripts    int    `json:"scripts"`
	LeastAgent string `json:"least_agent,omitempty"`
}

func (c *bundleVerifyCmd) Run(a *app) error {
	file, err := c.read(a)
	if err != nil {
		return err
	}
	ring, err := c.ring(a)
	if err != nil {
		return err
	}
	signed, err := ring.VerifyAll(file.raw, file.sigs, a.Now())
	if err != nil {
		return signatureError(file.label, err)
	}
	bundle, err := parseBundle(file.label, file.raw)
	if err != nil {
		return err
	}
	m := bundle.Manifest
	if err := m.CheckAgent(agent.Release()); err != nil {
		return fmt.Errorf("%q: %w", file.label, err)
	}
	if a.JSON {
		doc := verifyDocument{
			document{schemaVersion}, file.label, m.Name, m.Version, signed.Key.ID, signed.Comment, 0,
			fmt.Sprintf("%x", bundle.SHA256), len(m.Scripts), m.Agent,
		}
		if !signed.At.IsZero() {
			doc.SignedMS = signed.At.UnixMilli()
		}
		return a.printJSON(doc)
	}
	on := ""
	if !signed.At.IsZero() {
		on = " on " + signed.At.UTC().Format(signature.DateLayout)
	}
	_, err = fmt.Fprintf(a.Out, "good: %s %s, signed by the key %s%s\n", m.Name, m.Version, signed.Key.ID, on)
	return err
}

// read reads the bundle that is named.
func (c *bundleVerifyCmd) read(a *app) (bundleFile, error) {
	switch {
	case c.Installed == (c.File != ""):
		return bundleFile{}, agent.UsageError("give either a FILE or --installed")
	case c.Installed:
		return a.readInstalled()
	}
	return readFile(c.File)
}

// signatureError says what a person can do about a signature that is refused.
func signatureError(file string, err error) error {
	named := fmt.Errorf("%q: %w", file, err)
	switch {
	case errors.Is(err, signature.ErrUnsigned):
		return agent.WithHint(named, "virgo bundle sign "+file)
	case errors.Is(err, signature.ErrUnknownKey):
		return agent.WithHint(named, "if you know whose key it is, add it to bundle_signers in virgo.yaml; "+
			"virgo bundle verify also takes --key")
	}
	return named
}

// ring returns the keys of the command line, else those of the settings.
func (c *bundleVerifyCmd) ring(a *app) (signature.Ring, error) {
	if len(c.Key) > 0 {
		ring, err := parseSigners(c.Key, readKeyFile)
		if err != nil {
			err = agent.WithCode(agent.ExitUsage, fmt.Errorf("--key: %w", err))
		}
		return ring, err
	}
	cfg, err := a.LoadConfig()
	if err != nil {
		return nil, err
	}
	ring, err := settingsRing(a, cfg)
	if errors.Is(err, renewal.ErrNoSigners) {
		err = agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("there is no key to verify the signature with: no --key, and no bundle_signers in "+
				a.Paths().Config),
			"--key NAME.pub names the public key of whoever signs",
		))
	}
	return ring, err
}

// settingsRing returns the keys of the settings. Errors: renewal.ErrNoSigners, and others.
func settingsRing(a *app, cfg config.Config) (signature.Ring, error) {
	if err := cfg.RenewalMistake(); err != nil { // the keys may be among what could not be read
		return nil, agent.WithCode(agent.ExitUsage, err)
	}
	ring, err := parseSigners(cfg.Bundles.Signers, config.ReadKeyFile)
	if err != nil {
		return nil, agent.WithCode(agent.ExitUsage, fmt.Errorf("bundle_signers in %s: %w", a.Paths().Config, err))
	}
	if len(ring) == 0 {
		return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(
			fmt.Errorf("%w: there is none in %s", renewal.ErrNoSigners, a.Paths().Config),
			"write the public key of whoever signs there: bundle_signers: [RWQ…]",
		))
	}
	return ring, nil
}

func parseSigners(texts []string, read func(path string) ([]byte, error)) (signature.Ring, error) {
	var ring signature.Ring
	for _, text := range texts {
		k, err := signature.ParseSigner(text, read)
		if err != nil {
			return nil, err
		}
		ring = append(ring, k)
	}
	return ring, nil
}

// readKeyFile reads the file of a public key.
func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, signature.MaxKeyBytes+1))
}
