package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"virgo/collect/plugin"
)

type pluginNewCmd struct {
	Name   string `arg:"" help:"The plugin's file name."`
	Format string `default:"virgo" help:"What it prints: virgo, nagios, checkmk, prometheus, influx or json (default: ${default})."`
}

// Help is the command's own part of its help.
func (pluginNewCmd) Help() string {
	return "Writes it into the plugin folder and never over another file. It tells how full a file system is: change it to look at what is yours."
}

func (c *pluginNewCmd) Run(a *app) error {
	if !slices.Contains(plugin.Formats(), c.Format) {
		return &exitError{exitUsage, withHint{fmt.Errorf("no plugin format %q", c.Format), "the formats are " + strings.Join(plugin.Formats(), ", ")}}
	}
	name, err := pluginFile(c.Name)
	if err != nil {
		return err
	}
	folder := a.paths().Plugins
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return withHint{fmt.Errorf("making the plugin folder: %w", err), "--plugins DIR or VIRGO_PLUGINS names another folder"}
	}
	path := filepath.Join(folder, name)
	if err := writeNew(path, pluginText(c.Format)); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return &exitError{exitUsage, withHint{fmt.Errorf("%q is there already", path), "choose another name, or try that one: virgo plugin test " + path}}
		}
		return fmt.Errorf("writing the plugin: %w", err)
	}
	if a.JSON {
		return a.printJSON(struct {
			document
			Path   string `json:"path"`
			Format string `json:"format"`
		}{document{schemaVersion}, path, c.Format})
	}
	fmt.Fprintf(a.out, "written   %s\ntry it    virgo plugin test %s\nschedule  - {id: %s, type: %s, details: {file: %s, format: %s}}\n", path, path, name, plugin.TypeName, name, c.Format)
	return nil
}

// maxPluginName is how long a file's name may be nearly everywhere.
const maxPluginName = 255

// pluginFile is the file of a plugin of that name.
func pluginFile(name string) (string, error) {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)
	}
	odd := strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) >= 0
	if odd || name == "" || len(name) > maxPluginName || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") {
		return "", &exitError{exitUsage, withHint{fmt.Errorf("%q is no name for a plugin", name), "letters, digits, dots, dashes and underscores, beginning with none of . and -"}}
	}
	return withPluginSuffix(name)
}

// writeNew writes a program, whatever the umask, where no file is.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close(), os.Chmod(path, 0o755)); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}
