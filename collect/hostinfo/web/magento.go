package web

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// Bounds of what is read of an installation.
const (
	// maxMagentoFile bytes of a file are read.
	maxMagentoFile = 1 << 20
	// maxLockBytes of a composer.lock are read; a longer one is not parsed.
	maxLockBytes = 8 << 20
)

// A magentoSite is an installation. Of app/etc/env.php only the mode is read: it has passwords and
// the key.
type magentoSite struct {
	Site    string `json:"site" doc:"virtual host that serves it; empty if none names the folder"`
	Path    string `json:"path" doc:"its folder"`
	Version string `json:"version" doc:"its version, 2.4.7; of Magento 2 without composer.lock the required one"`
	Edition string `json:"edition" doc:"Community, Enterprise, Professional, Go; Unknown if nothing says so"`
	Mode    string `json:"mode" doc:"of Magento 2: default, developer or production; else empty"`
}

func magentoType() source.Type {
	return source.Type{
		Name:    "magento",
		Summary: "installations of Magento",
		Systems: []string{"linux"},
		Shape:   []magentoSite{},
		Read:    readMagento,
	}
}

func readMagento(ctx context.Context, h *source.Host) (any, error) {
	var problems source.Problems
	all := []magentoSite{}
	searchSites(ctx, h, readWebRoots(ctx, h, &problems), &problems, func(s siteFolder) bool {
		m, found := readMagentoSite(h, s)
		if found && len(all) < maxFound {
			m.Site, m.Path = s.root.Site, s.path
			all = append(all, m)
		}
		return found
	})
	problems.Add(ctx.Err())
	return all, problems.Err()
}

// readMagentoSite reads a folder that is an installation of Magento 1 (app/Mage.php) or 2
// (bin/magento).
func readMagentoSite(h *source.Host, s siteFolder) (m magentoSite, ok bool) {
	if !s.has("app", true) {
		return m, false
	}
	files := openSite(h, s.path)
	defer files.close()
	if b := files.head("app/Mage.php", maxMagentoFile); b != nil {
		return parseMage(b), true
	}
	if !files.isRegular("bin/magento") {
		return m, false
	}
	m = parseComposer(files.head("composer.json", maxMagentoFile))
	if v := parseComposerLock(files.head("composer.lock", maxLockBytes)); v.Version != "" {
		m = v
	}
	m.Mode = parseMagentoMode(files.head("app/etc/env.php", maxMagentoFile))
	return m, true
}

// parseMage parses app/Mage.php of Magento 1: the array of getVersionInfo, and the constant in
// $_currentEdition.
func parseMage(b []byte) magentoSite {
	m := magentoSite{Edition: "Unknown"}
	part := map[string]string{}
	element := regexp.MustCompile(`'([a-z]{1,16})'\s*=>\s*'([0-9A-Za-z.-]{1,32})'`)
	for _, found := range element.FindAllSubmatch(b, 1000) {
		part[string(found[1])] = string(found[2])
	}
	// As Magento itself formats it: 1.9.4.5, or 1.10.0-beta1.
	for _, name := range []string{"major", "minor", "revision", "patch"} {
		if part[name] != "" {
			m.Version = strings.Trim(m.Version+"."+part[name], ".")
		}
	}
	m.Version = strings.Trim(m.Version+"-"+part["stability"]+part["number"], "-")
	assignment := regexp.MustCompile(`\$_currentEdition\s*=\s*self::(EDITION_[A-Z]{1,32})`)
	if current := assignment.FindSubmatch(b); current != nil {
		form := regexp.MustCompile(`const\s+` + string(current[1]) + `\s*=\s*'([A-Za-z ]{1,32})'`)
		if edition := form.FindSubmatch(b); edition != nil {
			m.Edition = string(edition[1])
		}
	}
	return m
}

// parseComposer parses what composer.json requires, or, in a checkout of Magento's own source, what
// it is.
func parseComposer(b []byte) magentoSite {
	var file struct {
		Name    string            `json:"name"`
		Version string            `json:"version"`
		Require map[string]string `json:"require"`
	}
	// A file that is no JSON is as one without a version.
	if json.Unmarshal(b, &file) != nil {
		return magentoSite{Edition: "Unknown"}
	}
	for name, version := range file.Require {
		if edition := magentoEdition(name); edition != "" {
			return magentoSite{Version: redact.Value("", version), Edition: edition}
		}
	}
	m := magentoSite{Version: redact.Value("", file.Version), Edition: "Unknown"}
	switch file.Name {
	case "magento/magento2ce":
		m.Edition = "Community"
	case "magento/magento2ee":
		m.Edition = "Enterprise"
	}
	return m
}

// parseComposerLock parses the installed version in composer.lock.
func parseComposerLock(b []byte) magentoSite {
	var file struct {
		Packages json.RawMessage `json:"packages"`
	}
	if json.Unmarshal(b, &file) != nil {
		return magentoSite{}
	}
	// One at a time: the owner of the site could write millions of empty ones.
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
			return magentoSite{Version: redact.Value("", p.Version), Edition: edition}
		}
	}
	return magentoSite{}
}

// magentoEdition is the edition that a Composer package installs:
// magento/product-community-edition.
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
