// Command pack writes the archive that virgo upgrade reads, of two programs that were built before:
//
//	go run ./cmd/internal/upgrade/pack VERSION COMMIT OS ARCH FOLDER OUT
//
// The archive is signed afterwards, by whose public key hosts have in upgrade_signers: minisign -Sm OUT.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"virgo/cmd/internal/programs"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errOut io.Writer) int {
	path, err := pack(args)
	if err != nil {
		fmt.Fprintln(errOut, "pack: error:", err)
		return 1
	}
	fmt.Fprintln(out, path)
	return 0
}

func pack(args []string) (path string, err error) {
	if len(args) != 6 {
		return "", errors.New("want VERSION COMMIT OS ARCH FOLDER OUT")
	}
	m := programs.Manifest{Version: args[0], Commit: args[1], OS: args[2], Arch: args[3]}
	content := map[string][]byte{}
	for _, name := range programs.Names(m.OS) {
		if content[name], err = os.ReadFile(filepath.Join(args[4], name)); err != nil {
			return "", err
		}
	}
	b, err := programs.Pack(m, content)
	if err != nil {
		return "", err
	}
	return args[5], os.WriteFile(args[5], b, 0o644)
}
