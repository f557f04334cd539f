package hostinfo

// machineTypes are about the machine, its kernel, its users and what runs.
func machineTypes() []Type {
	return []Type{
		connectionsType(),
		cpuType(),
		dateType(),
		deletedLibsType(),
		diskType(),
		filepermsType(),
		filesystemStateType(),
		filesystemType(),
		fstabType(),
		hostnameType(),
		kernelModulesType(),
		lastLoginsType(),
		loginType(),
		lshwType(),
		memoryType(),
		networkType(),
		nilType(),
		pamType(),
		passwdType(),
		procsType(),
		sshdType(),
		sysctlType(),
		systemType(),
		whoType(),
	}
}
