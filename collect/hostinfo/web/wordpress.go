package web

import (
	"bytes"
	"context"
	"path"
	"regexp"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// Bounds of what is read of an installation.
const (
	// wordpressHead is how much of a plugin's file WordPress itself reads for its name.
	wordpressHead = 8 << 10
	// maxWordpressConfig bytes of wp-config.php are read.
	maxWordpressConfig = 1 << 20
	// maxPluginFiles of a plugin's folder are searched for its name.
	maxPluginFiles = 100
)

// wordpress is what was found of WordPress below the web roots.
type wordpress struct {
	Docroots []webRoot       `json:"docroots" doc:"folders that were searched"`
	Found    []wordpressSite `json:"found" doc:"installations"`
}

// A wordpressSite is an installation. Nothing is copied from wp-config.php, which has the
// database's password.
type wordpressSite struct {
	Site          string           `json:"site" doc:"virtual host that serves it; empty if none names the folder"`
	Path          string           `json:"path" doc:"its folder"`
	Version       string           `json:"version" doc:"version of WordPress"`
	Plugins       []wordpressAddon `json:"plugins" doc:"plugins that are installed, active or not"`
	Themes        []wordpressAddon `json:"themes" doc:"themes that are installed, active or not"`
	Configured    bool             `json:"configured" doc:"there is a readable wp-config.php"`
	DefaultKeys   bool             `json:"default_keys" doc:"keys and salts are still those of the sample, which everybody knows"`
	Debug         bool             `json:"debug" doc:"WP_DEBUG is on"`
	FileEditing   bool             `json:"file_editing" doc:"administrators may edit plugins in the browser (no DISALLOW_FILE_EDIT)"`
	CoreUpdates   string           `json:"core_updates" doc:"WP_AUTO_UPDATE_CORE: true, false, minor, beta or rc; empty if it is not set"`
	UpdatesForbid bool             `json:"updates_disabled" doc:"AUTOMATIC_UPDATER_DISABLED is on"`
}

type wordpressAddon struct {
	Name    string `json:"name" doc:"its name, from its header"`
	Version string `json:"version" doc:"its version, from its header"`
	Folder  string `json:"folder" doc:"name of its folder or file"`
}

func wordpressType() source.Type {
	return source.Type{
		Name:    "wordpress",
		Summary: "installations of WordPress with their plugins",
		Systems: []string{"linux"},
		Shape:   wordpress{},
		Read:    readWordpress,
	}
}

func readWordpress(ctx context.Context, h *source.Host) (any, error) {
	var problems source.Problems
	w := wordpress{Found: []wordpressSite{}}
	w.Docroots = source.NonNil(readWebRoots(ctx, h, &problems))
	searchSites(ctx, h, w.Docroots, &problems, func(s siteFolder) bool {
		found := s.has("wp-includes", true) && s.has("wp-load.php", false)
		if found && len(w.Found) < maxFound {
			w.Found = append(w.Found, readWordpressSite(ctx, h, s))
		}
		return found
	})
	problems.Add(ctx.Err())
	return w, problems.Err()
}

func readWordpressSite(ctx context.Context, h *source.Host, s siteFolder) wordpressSite {
	found := wordpressSite{
		Site: s.root.Site, Path: s.path, Plugins: []wordpressAddon{}, Themes: []wordpressAddon{},
	}
	files := openSite(h, s.path)
	defer files.close()
	found.Version = parseWordpressVersion(files.head("wp-includes/version.php", wordpressHead))
	config := files.head("wp-config.php", maxWordpressConfig)
	if config == nil {
		// WordPress also searches the folder above.
		above := openSite(h, path.Dir(s.path))
		defer above.close()
		config = above.head("wp-config.php", maxWordpressConfig)
	}
	if config != nil {
		parseWordpressConfig(config, &found)
	}
	for _, name := range files.names("wp-content/plugins") {
		if ctx.Err() == nil && len(found.Plugins) < maxFound {
			found.Plugins = append(found.Plugins, wordpressPlugin(files, name)...)
		}
	}
	for _, name := range files.names("wp-content/themes") {
		if ctx.Err() != nil {
			break
		}
		style := files.head("wp-content/themes/"+name+"/style.css", wordpressHead)
		if a, ok := parseWordpressHeader(style, "Theme Name"); ok && len(found.Themes) < maxFound {
			a.Folder = name
			found.Themes = append(found.Themes, a)
		}
	}
	return found
}

// wordpressPlugin reads the first file of a plugin that has its header: a single file, or one in
// its folder.
func wordpressPlugin(files siteFiles, name string) []wordpressAddon {
	folder := "wp-content/plugins/" + name
	candidates := []string{folder}
	if !strings.HasSuffix(name, ".php") {
		candidates = []string{folder + "/" + name + ".php"}
		for _, file := range files.names(folder) {
			if strings.HasSuffix(file, ".php") && len(candidates) < maxPluginFiles {
				candidates = append(candidates, folder+"/"+file)
			}
		}
	}
	for _, file := range candidates {
		if a, ok := parseWordpressHeader(files.head(file, wordpressHead), "Plugin Name"); ok {
			a.Folder = name
			return []wordpressAddon{a}
		}
	}
	return nil
}

// parseWordpressVersion parses wp-includes/version.php: $wp_version = '6.6.1';
func parseWordpressVersion(b []byte) string {
	assignment := regexp.MustCompile(`(?m)^\s*\$wp_version\s*=\s*['"]([0-9A-Za-z.+_-]{1,64})['"]`)
	if m := assignment.FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return ""
}

// parseWordpressHeader parses the comment at the start of a plugin or theme: "Plugin Name: …",
// "Version: …".
func parseWordpressHeader(b []byte, header string) (wordpressAddon, bool) {
	field := func(name string) string {
		m := regexp.MustCompile(`(?mi)^(?:[ \t]*<\?php)?[ \t/*#@]*` + name + `:([^\r\n]{0,256})`).FindSubmatch(b)
		if m == nil {
			return ""
		}
		return redact.Excerpt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(m[1])), "*/")))
	}
	a := wordpressAddon{Name: field(header), Version: field("Version")}
	return a, a.Name != ""
}

// parseWordpressConfig picks settings of wp-config.php.
func parseWordpressConfig(b []byte, s *wordpressSite) {
	s.Configured = true
	s.DefaultKeys = bytes.Contains(b, []byte("put your unique phrase here"))
	set := func(name string) string {
		m := regexp.MustCompile(`(?m)^\s*define\s*\(\s*['"]` + name +
			`['"]\s*,\s*['"]?([A-Za-z0-9]{1,16})['"]?\s*\)`).FindSubmatch(b)
		if m == nil {
			return ""
		}
		return strings.ToLower(string(m[1]))
	}
	on := func(name string) bool { return set(name) == "true" || set(name) == "1" }
	s.Debug = on("WP_DEBUG")
	s.FileEditing = !on("DISALLOW_FILE_EDIT")
	s.UpdatesForbid = on("AUTOMATIC_UPDATER_DISABLED")
	switch v := set("WP_AUTO_UPDATE_CORE"); v {
	case "true", "false", "minor", "beta", "rc":
		s.CoreUpdates = v
	}
}
