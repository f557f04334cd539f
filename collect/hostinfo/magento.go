package hostinfo

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
)

// Bounds of what is read of an installation.
const (
	// maxMagentoFile bytes of a file are looked at.
	maxMagentoFile = 1 << 20
	// maxLockBytes of a composer.lock are read; one that is longer is not understood.
	maxLockBytes = 8 << 20
)

// A magentoSite is an installation of Magento. Of app/etc/env.php and local.xml only the mode is told: they
// hold passwords and the key.
type magentoSite struct {
	Site    string `json:"site" doc:"virtual host that it was found under; empty where none names the folder"`
	Path    string `json:"path" doc:"its folder"`
	Version string `json:"version" doc:"its version, 2.4.7; of Magento 2 without composer.lock the one that is asked for"`
	Edition string `json:"edition" doc:"Community, Enterprise, Professional, Go; Unknown where nothing says it"`
	Mode    string `json:"mode" doc:"of Magento 2: default, developer or production; else empty"`
}

func magentoType() Type {
	return Type{
		Name:    "magento",
		Summary: "installations of Magento",
		Systems: []string{"linux"},
		Shape:   []magentoSite{},
		Read:    readMagento,
	}
}

func readMagento(ctx context.Context, h *Host) (any, error) {
	var f faults
	all := []magentoSite{}
	h.searchSites(ctx, h.webRoots(ctx, &f), &f, func(s siteFolder) bool {
		m, found := h.magentoSite(s)
		if found && len(all) < maxFound {
			m.Site, m.Path = s.root.Site, s.path
			all = append(all, m)
		}
		return found
	})
	f.add(ctx.Err())
	return all, f.err()
}

// magentoSite looks whether a folder is one of Magento 1 (app/Mage.php) or 2 (bin/magento).
func (h *Host) magentoSite(s siteFolder) (m magentoSite, ok bool) {
	if !s.has("app", true) {
		return m, false
	}
	files := h.siteFiles(s.path)
	defer files.close()
	if b := files.head("app/Mage.php", maxMagentoFile); b != nil {
		return parseMage(b), true
	}
	if !files.regular("bin/magento") {
		return m, false
	}
	m = parseComposer(files.head("composer.json", maxMagentoFile))
	if v := parseComposerLock(files.head("composer.lock", maxLockBytes)); v.Version != "" {
		m = v
	}
	m.Mode = parseMagentoMode(files.head("app/etc/env.php", maxMagentoFile))
	return m, true
}

// parseMage reads app/Mage.php of Magento 1: the array of getVersionInfo, and the constant that
// $_currentEdition is set to.
func parseMage(b []byte) magentoSite {
	m := magentoSite{Edition: "Unknown"}
	part := map[string]string{}
	for _, found := range regexp.MustCompile(`'([a-z]{1,16})'\s*=>\s*'([0-9A-Za-z.-]{1,32})'`).FindAllSubmatch(b, 1000) {
		part[string(found[1])] = string(found[2])
	}
	// As Magento itself writes it: 1.9.4.5, or 1.10.0-beta1.
	for _, name := range []string{"major", "minor", "revision", "patch"} {
		if part[name] != "" {
			m.Version = strings.Trim(m.Version+"."+part[name], ".")
		}
	}
	m.Version = strings.Trim(m.Version+"-"+part["stability"]+part["number"], "-")
	if current := regexp.MustCompile(`\$_currentEdition\s*=\s*self::(EDITION_[A-Z]{1,32})`).FindSubmatch(b); current != nil {
		form := regexp.MustCompile(`const\s+` + string(current[1]) + `\s*=\s*'([A-Za-z ]{1,32})'`)
		if edition := form.FindSubmatch(b); edition != nil {
			m.Edition = string(edition[1])
		}
	}
	return m
}

// parseComposer reads what composer.json asks for, or, in a checkout of Magento's own source, what it is.
func parseComposer(b []byte) magentoSite {
	var file struct {
		Name    string            `json:"name"`
		Version string            `json:"version"`
		Require map[string]string `json:"require"`
	}
	// A file that is no JSON tells nothing.
	if json.Unmarshal(b, &file) != nil {
		return magentoSite{Edition: "Unknown"}
	}
	for name, version := range file.Require {
		if edition := magentoEdition(name); edition != "" {
			return magentoSite{Version: plainText(version), Edition: edition}
		}
	}
	m := magentoSite{Version: plainText(file.Version), Edition: "Unknown"}
	switch file.Name {
	case "magento/magento2ce":
		m.Edition = "Community"
	case "magento/magento2ee":
		m.Edition = "Enterprise"
	}
	return m
}

// parseComposerLock reads the version that composer.lock says is installed.
func parseComposerLock(b []byte) magentoSite {
	var file struct {
		Packages json.RawMessage `json:"packages"`
	}
	if json.Unmarshal(b, &file) != nil {
		return magentoSite{}
	}
	// One after the other: whoever owns the site could write millions of empty ones.
	packages := json.NewDecoder(bytes.NewReader(file.Packages))
	if start, err := packages.Token(); err != nil || start != json.Delim('[') {
		return magentoSite{}
	}
	var p struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	for packages.More() {
		p.Name, p.Version = "", ""
		if packages.Decode(&p) != nil {
			break
		}
		if edition := magentoEdition(p.Name); edition != "" {
			return magentoSite{Version: plainText(p.Version), Edition: edition}
		}
	}
	return magentoSite{}
}

// magentoEdition is what a package of Composer's stands for: magento/product-community-edition.
func magentoEdition(name string) string {
	switch name {
	case "magento/product-community-edition", "mage-os/product-community-edition":
		return "Community"
	case "magento/product-enterprise-edition":
		return "Enterprise"
	}
	return ""
}

// parseMagentoMode picks 'MAGE_MODE' => 'production' out of app/etc/env.php.
func parseMagentoMode(b []byte) string {
	form := regexp.MustCompile(`['"]MAGE_MODE['"]\s*=>\s*['"](default|developer|production)['"]`)
	if m := form.FindSubmatch(bytes.TrimSpace(b)); m != nil {
		return string(m[1])
	}
	return ""
}
