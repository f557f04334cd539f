package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/collect/plugin"
	"virgo/schedule/ownership"
)

type pluginNewCmd struct {
	Name   string `arg:"" help:"File name of the plugin."`
	Format string `default:"virgo" help:"Output format: virgo, nagios, checkmk, prometheus, influx or json (default: ${default})."`
}

// Help returns what follows the first line of the command's help.
func (pluginNewCmd) Help() string {
	return "Writes a plugin into the plugin folder; an existing file is never overwritten. " +
		"The plugin reports how full a file system is: change it to measure something else."
}

func (c *pluginNewCmd) Run(a *app) error {
	if !slices.Contains(plugin.Formats(), c.Format) {
		err := fmt.Errorf("no plugin format %q", c.Format)
		return agent.WithCode(agent.ExitUsage, agent.WithHint(err, "the formats are "+strings.Join(plugin.Formats(), ", ")))
	}
	name, err := pluginFile(c.Name)
	if err != nil {
		return err
	}
	folder := a.Paths().Plugins
	if err := ownership.MkdirAll(folder, 0o755); err != nil {
		return agent.WithHint(fmt.Errorf("creating the plugin folder: %w", err), "--plugins DIR or VIRGO_PLUGINS sets another folder")
	}
	path := filepath.Join(folder, name)
	if err := writeNew(path, pluginText(c.Format)); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%q already exists", path)
			return agent.WithCode(agent.ExitUsage, agent.WithHint(err, "choose another name, or try that file: virgo plugin test "+path))
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
	fmt.Fprintf(a.Out, "written   %s\ntry it    virgo plugin test %s\n", path, path)
	id := strings.TrimSuffix(name, filepath.Ext(name))
	fmt.Fprintf(a.Out, "schedule  with this line in %s:\n", filepath.Join(a.Paths().Checks, id+".yaml"))
	fmt.Fprintf(a.Out, "- {id: %q, type: %s, details: {file: %q, format: %s}}\n", id, plugin.TypeName, name, c.Format)
	return nil
}

// maxPluginName is the longest file name in bytes that nearly all file systems support.
const maxPluginName = 255

// pluginFile validates the name and returns the file name for it.
func pluginFile(name string) (string, error) {
	allowed := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)
	}
	invalid := strings.ContainsFunc(name, func(r rune) bool { return !allowed(r) })
	if invalid || name == "" || len(name) > maxPluginName || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") {
		err := fmt.Errorf("invalid plugin name %q", name)
		return "", agent.WithCode(agent.ExitUsage, agent.WithHint(err, "use letters, digits, dots, dashes and underscores; the first is neither . nor -"))
	}
	return withPluginSuffix(name)
}

// writeNew creates an executable file, whatever the umask. It fails with fs.ErrExist where one
// exists.
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
