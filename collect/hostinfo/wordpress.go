package hostinfo

import (
	"bytes"
	"context"
	"path"
	"regexp"
	"strings"
)

// wordpressHead is how much of a plugin's file WordPress itself reads to find out its name.
const wordpressHead = 8 << 10

// wordpress is what is found of WordPress below the web roots.
type wordpress struct {
	Docroots []webRoot       `json:"docroots" doc:"folders that were searched"`
	Found    []wordpressSite `json:"found" doc:"installations"`
}

// A wordpressSite is an installation. Of wp-config.php nothing is copied: it holds the database's password.
type wordpressSite struct {
	Site          string           `json:"site" doc:"virtual host that it was found under; empty where none names the folder"`
	Path          string           `json:"path" doc:"its folder"`
	Version       string           `json:"version" doc:"version of WordPress"`
	Plugins       []wordpressAddon `json:"plugins" doc:"plugins that are there, active or not"`
	Themes        []wordpressAddon `json:"themes" doc:"themes that are there, active or not"`
	Configured    bool             `json:"configured" doc:"there is a wp-config.php that can be read"`
	DefaultKeys   bool             `json:"default_keys" doc:"keys and salts are still those of the sample, so that anybody knows them"`
	Debug         bool             `json:"debug" doc:"WP_DEBUG is on"`
	FileEditing   bool             `json:"file_editing" doc:"administrators may edit plugins in the browser (no DISALLOW_FILE_EDIT)"`
	CoreUpdates   string           `json:"core_updates" doc:"WP_AUTO_UPDATE_CORE: true, false, minor, beta or rc; empty where it is not set"`
	UpdatesForbid bool             `json:"updates_disabled" doc:"AUTOMATIC_UPDATER_DISABLED is on"`
}

type wordpressAddon struct {
	Name    string `json:"name" doc:"its name, as its header says"`
	Version string `json:"version" doc:"its version, as its header says"`
	Folder  string `json:"folder" doc:"name of its folder or file"`
}

func wordpressType() Type {
	return Type{
		Name:    "wordpress",
		Summary: "installations of WordPress with their plugins",
		Systems: []string{"linux"},
		Shape:   wordpress{},
		Read:    readWordpress,
	}
}

func readWordpress(ctx context.Context, h *Host) (any, error) {
	var f faults
	w := wordpress{Found: []wordpressSite{}}
	w.Docroots = told(h.webRoots(ctx, &f))
	h.searchSites(ctx, w.Docroots, &f, func(s siteFolder) {
		if s.has("wp-includes", true) && s.has("wp-load.php", false) && len(w.Found) < maxFound {
			w.Found = append(w.Found, h.wordpressSite(ctx, s))
		}
	})
	f.add(ctx.Err())
	return w, f.err()
}

func (h *Host) wordpressSite(ctx context.Context, s siteFolder) wordpressSite {
	found := wordpressSite{Site: s.root.Site, Path: s.path, Plugins: []wordpressAddon{}, Themes: []wordpressAddon{}}
	found.Version = parseWordpressVersion(h.head(s.path+"/wp-includes/version.php", wordpressHead))
	// WordPress looks in its own folder, then in the one above.
	for _, file := range []string{s.path + "/wp-config.php", path.Dir(s.path) + "/wp-config.php"} {
		if b := h.head(file, 1<<20); b != nil {
			parseWordpressConfig(b, &found)
			break
		}
	}
	content := s.path + "/wp-content/"
	for _, place := range []struct {
		list           *[]wordpressAddon
		folder, header string
		files          func(name string) []string
	}{
		{&found.Plugins, content + "plugins", "Plugin Name", func(name string) []string {
			if strings.HasSuffix(name, ".php") {
				return []string{name}
			}
			return []string{name + "/" + name + ".php", name + "/*.php"}
		}},
		{&found.Themes, content + "themes", "Theme Name", func(name string) []string { return []string{name + "/style.css"} }},
	} {
		names, _ := h.names(place.folder) // without the right to look, there are none to tell
		for _, name := range names {
			if ctx.Err() != nil || len(*place.list) >= maxFound {
				break
			}
			if addon, ok := h.wordpressAddon(place.folder, place.files(name), place.header); ok {
				addon.Folder = name
				*place.list = append(*place.list, addon)
			}
		}
	}
	return found
}

// wordpressAddon reads the first of some files that has the header of a plugin or theme.
func (h *Host) wordpressAddon(folder string, patterns []string, header string) (wordpressAddon, bool) {
	for _, pattern := range patterns {
		for i, file := range h.glob(folder + "/" + pattern) {
			if i == 100 {
				break
			}
			if a, ok := parseWordpressHeader(h.head(file, wordpressHead), header); ok {
				return a, true
			}
		}
	}
	return wordpressAddon{}, false
}

// parseWordpressVersion reads wp-includes/version.php: $wp_version = '6.6.1';
func parseWordpressVersion(b []byte) string {
	if m := regexp.MustCompile(`(?m)^\s*\$wp_version\s*=\s*['"]([0-9A-Za-z.+_-]{1,64})['"]`).FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return ""
}

// parseWordpressHeader reads the comment at the start of a plugin or theme: lines "Plugin Name: …", "Version: …".
func parseWordpressHeader(b []byte, header string) (wordpressAddon, bool) {
	field := func(name string) string {
		m := regexp.MustCompile(`(?mi)^(?:[ \t]*<\?php)?[ \t/*#@]*` + name + `:([^\r\n]{0,256})`).FindSubmatch(b)
		if m == nil {
			return ""
		}
		return plainText(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(m[1])), "*/")))
	}
	a := wordpressAddon{Name: field(header), Version: field("Version")}
	return a, a.Name != ""
}

// parseWordpressConfig looks for what is set in wp-config.php.
func parseWordpressConfig(b []byte, s *wordpressSite) {
	s.Configured = true
	s.DefaultKeys = bytes.Contains(b, []byte("put your unique phrase here"))
	set := func(name string) string {
		m := regexp.MustCompile(`(?m)^\s*define\s*\(\s*['"]` + name + `['"]\s*,\s*['"]?([A-Za-z0-9]{1,16})['"]?\s*\)`).FindSubmatch(b)
		if m == nil {
			return ""
		}
		return strings.ToLower(string(m[1]))
	}
	on := func(name string) bool { return set(name) == "true" || set(name) == "1" }
	s.Debug, s.FileEditing, s.UpdatesForbid = on("WP_DEBUG"), !on("DISALLOW_FILE_EDIT"), on("AUTOMATIC_UPDATER_DISABLED")
	switch v := set("WP_AUTO_UPDATE_CORE"); v {
	case "true", "false", "minor", "beta", "rc":
		s.CoreUpdates = v
	}
}
