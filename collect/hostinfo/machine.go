package hostinfo

// machineTypes are about the machine, its kernel, its users and what runs.
func machineTypes() []Type {
	return []Type{nilType()}
}
