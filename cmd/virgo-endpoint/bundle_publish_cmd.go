package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/releases"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/signature"
)

type bundlePublishCmd struct {
	File    string   `arg:"" help:"The bundle, or an archive of virgo's programs; its signature lies beside it, FILE.minisig or FILE.sig."`
	Channel string   `default:"stable" placeholder:"NAME" help:"Channel; an agent's is bundle_channel in its settings. Default: ${default}."`
	Percent int      `default:"100" placeholder:"N" help:"Only for so many of a hundred agents. Default: ${default}."`
	Tag     []string `placeholder:"TAG" help:"Of these, only agents with this tag; may be repeated."`
	Key     string   `placeholder:"FILE" help:"A public key whose signatures are accepted from now on (virgo bundle keygen)."`
}

// Validate is called by kong.
func (c *bundlePublishCmd) Validate() error { return checkPercent(c.Percent) }

func (bundlePublishCmd) Help() string {
	return "Verifies what agents verify: the signature by a key of upgrades/keys, the form of the file, and that the version is newer than all " +
		"that were published under its name in the channel. Agents verify it again, with the keys of their own settings: nothing here can make " +
		"them run what none of these has signed. The key that signs belongs on another machine. " +
		"The same file again changes who gets it. Agents with bundles: auto fetch it with their next run after they heard of it. An archive of programs, " +
		"virgo-VERSION-OS-ARCH.zip, is recognized: its roll-out has the name virgo-OS-ARCH, and agents fetch it with virgo upgrade."
}

func (c *bundlePublishCmd) Run(a *app) error {
	s, err := a.releases()
	if err != nil {
		return err
	}
	p, err := c.publication()
	if err != nil {
		return err
	}
	return a.administer(nil, func(ad *admin.Admin, by watch.Actor) error {
		plan, err := ad.PublishBundle(a.ctx, by, s, p)
		if err != nil {
			return a.notPublished(err, c.File)
		}
		return a.rolloutDone("publish", plan)
	})
}

// publication reads the file and what lies beside it.
func (c *bundlePublishCmd) publication() (releases.Publication, error) {
	p := releases.Publication{Channel: c.Channel, Percent: c.Percent, Tags: c.Tag}
	for _, tag := range c.Tag {
		if err := intake.CheckTag(tag); err != nil {
			return p, &failure{exitUsage, err, ""}
		}
	}
	var err error
	if p.File, err = readAtMost(c.File, releases.MaxBytes); err != nil {
		return p, &failure{exitUsage, err, ""}
	}
	if p.Signatures, err = signature.ReadBeside(c.File); err != nil {
		return p, &failure{exitUsage, err, ""}
	}
	if c.Key == "" {
		return p, nil
	}
	key, err := readAtMost(c.Key, signature.MaxKeyBytes)
	if err != nil {
		return p, &failure{exitUsage, err, ""}
	}
	p.Key = string(key)
	return p, nil
}

// readAtMost reads a file of at most so many bytes.
func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %q", name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%q has more than %d bytes", name, most)
	}
	return data, err
}
