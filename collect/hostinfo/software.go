package hostinfo

// softwareTypes are about what is installed and how it is set up.
func softwareTypes() []Type {
	return []Type{}
}
