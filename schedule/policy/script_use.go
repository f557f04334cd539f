package policy

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"virgo/schedule/capability"
)

// A scriptUse is something that a script is about to use, in the form in which patterns are
// compared with it.
type scriptUse struct {
	kind capability.Kind
	// text is what messages show.
	text string
	// paths are the forms of a file's or socket's path, see pathForms; none for other kinds.
	paths []string
	// asked is the path before links were followed: a grant that denies means it as well.
	asked string
	// follow follows the links of root in a pattern.
	follow func(pattern string) string
	host   hostValue // of TCP, UDP and DNS
	port   string
	url    urlValue
}

func (u *scriptUse) need() capability.Need { return capability.Need{Kind: u.kind, Pattern: u.text} }

// matches reports whether a pattern that allows matches. What has to be spelled out (see the
// package comment) is matched by a pattern without * only.
func (u *scriptUse) matches(p Pattern) bool {
	switch u.kind {
	case capability.Files:
		return u.matchesPath(p)
	case capability.Unix:
		return p.isLiteral() && u.matchesPath(p)
	case capability.TCP, capability.UDP:
		return matchEndpoint(p, u.host, u.port)
	case capability.DNS:
		return matchHost(p, u.host)
	case capability.HTTP:
		return matchURL(p, u.url)
	case capability.Programs:
		if strings.IndexByte(u.text, ' ') >= 0 { // sudo NAME
			return p.isLiteral() && p.text == u.text
		}
		return p.matchText(u.text, '/')
	}
	return p.matchText(u.text, '.')
}

// matchesPath compares the path with a glob, and with where the links lead that only root can make.
// A folder matches what matches its entries, because they cannot be listed otherwise.
func (u *scriptUse) matchesPath(p Pattern) bool {
	if p.kind != glob {
		return !isUNC(u.text) && p.matchText(u.paths[0], '/')
	}
	if isUNC(u.text) {
		return p.isLiteral() && cleanPath(p.text) == cleanPath(u.text)
	}
	if len(u.text) > maxValueBytes {
		return false
	}
	want := canonicalProc(cleanPath(p.text))
	if u.matchesGlob(want) {
		return true
	}
	led := canonicalProc(u.follow(want))
	return led != want && u.matchesGlob(led)
}

func (u *scriptUse) matchesGlob(want string) bool {
	for _, path := range u.paths {
		folder := strings.TrimSuffix(path, "/") + "/"
		if matchGlob(want, path, '/') || u.kind == capability.Files && matchGlob(want, folder, '/') {
			return true
		}
	}
	return false
}

// denied reports whether a pattern that denies matches: letters are compared without case, and what
// can be read in two ways matches.
func (u *scriptUse) denied(p Pattern) bool {
	switch u.kind {
	case capability.Files, capability.Unix:
		paths := u.paths
		if u.asked != "" {
			paths = append(slices.Clip(paths), canonicalProc(cleanPath(u.asked)))
		}
		if p.kind != glob {
			return p.kind == anything || anyDenied(p, paths)
		}
		p.text = canonicalProc(cleanPath(p.text))
		led := p
		led.text = canonicalProc(u.follow(p.text))
		return anyDenied(p, paths) || led.text != p.text && anyDenied(led, paths)
	case capability.TCP, capability.UDP:
		return deniesEndpoint(p, u.host, u.port)
	case capability.DNS:
		return matchDeniedHost(p, u.host)
	case capability.HTTP:
		return matchDeniedURL(p, u.url)
	case capability.Programs:
		if bare, ok := strings.CutPrefix(u.text, "sudo "); ok && p.matchDenied(bare, '/') {
			return true
		}
	}
	return p.matchDenied(u.text, '/')
}

// anyDenied compares paths with a pattern that denies. A folder is denied with its entries.
func anyDenied(p Pattern, paths []string) bool {
	for _, path := range paths {
		if p.matchDenied(path, '/') || p.matchDenied(strings.TrimSuffix(path, "/")+"/", '/') {
			return true
		}
	}
	return false
}

// matchEndpoint compares a host and a port with HOST:PORT.
func matchEndpoint(p Pattern, host hostValue, port string) bool {
	if host.odd || host.text == "" {
		return false
	}
	if p.kind != glob {
		return !isSpecialHost(host) && !isGroupAddress(host.addr) && p.matchText(host.text+":"+port, '.')
	}
	wantHost, wantPort, ok := cutPort(p.text)
	if !ok || !matchPort(wantPort, port) {
		return false
	}
	want := Pattern{text: wantHost}
	return matchHost(want, host) && (want.isLiteral() || !isGroupAddress(host.addr))
}

// deniesEndpoint compares a host and a port with HOST:PORT of a grant that denies.
func deniesEndpoint(p Pattern, host hostValue, port string) bool {
	if host.odd || p.kind == anything {
		return true
	}
	if p.kind != glob {
		return p.matchDenied(host.text+":"+port, '.')
	}
	wantHost, wantPort, ok := cutPort(p.text)
	return !ok || matchDeniedHost(Pattern{text: wantHost}, host) && matchPort(wantPort, port)
}

// isGroupAddress reports whether an address reaches more than one host.
func isGroupAddress(ip netip.Addr) bool {
	return ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// fileUse returns the use of a path without links; asked is the path before they were followed.
func (g *ScriptGuard) fileUse(kind capability.Kind, asked, resolved string) *scriptUse {
	return &scriptUse{kind: kind, text: resolved, paths: pathForms(asked, resolved), asked: asked, follow: g.follow}
}

// pathForms returns the forms in which a path is compared: where it leads. In /sys, whose links
// only the kernel makes and which all stay there, the path that was asked for is one, too: figures
// have their known names there.
func pathForms(asked, resolved string) []string {
	clean := cleanPath(resolved)
	forms := []string{clean}
	if canonical := canonicalProc(clean); canonical != clean {
		forms = append(forms, canonical)
	}
	if before := cleanPath(asked); before != clean && isKernelTree(before) && isKernelTree(clean) {
		forms = append(forms, before)
	}
	return forms
}

// endpointUse returns the use of a connection or datagram.
func endpointUse(kind capability.Kind, host, port string) *scriptUse {
	h := parseHost(host)
	shown := h.text
	if h.addr.Is6() {
		shown = "[" + shown + "]"
	}
	return &scriptUse{kind: kind, text: shown + ":" + port, host: h, port: port}
}

func urlUse(u *url.URL) *scriptUse {
	v := parseURL(u.String())
	return &scriptUse{kind: capability.HTTP, text: v.shown(), url: v}
}
