package script

// A Source has the files of scripts: a bundle or a folder.
type Source interface {
	// Files returns the names of all files, with / between folders, sorted.
	Files() []string
	// Read returns the text of a file.
	Read(name string) ([]byte, error)
	// Own reports whether the scripts are the owner's own, which may use all that they declare.
	Own() bool
}
