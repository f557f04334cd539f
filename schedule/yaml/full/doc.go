// Package full parses the whole subset of YAML that package yaml describes. Plain files are parsed by
// that package, all others by goccy/go-yaml, which also finds what is wrong with a file.
//
// It is a package of its own so that only the programs that import it link goccy/go-yaml.
package full
