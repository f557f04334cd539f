package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"virgo/cmd/internal/programs"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/signature"
)

// sealedMain is the program "sealed" of the scripts: it makes a signed bundle of checks, as virgo bundle does, or a signed
// archive of programs.
//
//	sealed [-key NAME] [-name BUNDLE] VERSION TEXT FILE
//
// The keys are NAME.key and NAME.pub, which are made if they are not there. TEXT is that of the only script.
func sealedMain() {
	key := flag.String("key", "owner", "")
	name := flag.String("name", "standard", "")
	flag.Parse()
	if err := seal(*key, *name, flag.Arg(0), flag.Arg(1), flag.Arg(2)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// sealedFile is a bundle, or for a name virgo-linux-ARCH an archive of programs.
func sealedFile(name, version, text string) ([]byte, error) {
	if arch, ok := strings.CutPrefix(name, "virgo-linux-"); ok {
		return programs.Pack(programs.Manifest{Version: version, OS: "linux", Arch: arch},
			map[string][]byte{"virgo": []byte(text), "virgo-run": []byte(text)})
	}
	return scriptbundle.Build(scriptbundle.Manifest{Name: name, Version: version,
		Scripts: []scriptbundle.Script{{File: "hello.lua", Type: "script.hello", Summary: "hello"}}},
		map[string][]byte{"hello.lua": []byte(text)})
}

func seal(key, name, version, text, file string) error {
	if _, err := os.Stat(key + ".key"); err != nil {
		secret, public, err := signature.Generate("")
		if err != nil {
			return err
		}
		if err := os.WriteFile(key+".key", secret, 0o600); err != nil {
			return err
		}
		if err := os.WriteFile(key+".pub", public, 0o600); err != nil {
			return err
		}
	}
	secret, err := os.ReadFile(key + ".key")
	if err != nil {
		return err
	}
	signer, err := signature.ReadSecret(secret, "")
	if err != nil {
		return err
	}
	b, err := sealedFile(name, version, text)
	if err != nil {
		return err
	}
	sig, err := signer.Sign(b, time.Now())
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return err
	}
	return os.WriteFile(file+signature.MinisignExtension, sig, 0o600)
}
