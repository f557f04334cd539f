package watch

import (
	"fmt"
	"slices"
	"strings"
)

// May reports whether the actor has one of the scopes.
func (a *Actor) May(scopes ...Scope) bool {
	return slices.ContainsFunc(scopes, func(s Scope) bool { return slices.Contains(a.Scopes, s) })
}

// ParseScope reads the name of a scope.
func ParseScope(name string) (Scope, error) {
	if all := AllScopes(); !slices.Contains(all, Scope(name)) {
		return "", fmt.Errorf("there is no scope %q: %s", name, strings.Join(ScopeNames(all), ", "))
	}
	return Scope(name), nil
}

// ScopeNames returns scopes as texts.
func ScopeNames(scopes []Scope) []string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return names
}
