package hostinfo

// softwareTypes are about what is installed and how it is set up.
func softwareTypes() []Type {
	return []Type{
		autoupdatesType(),
		cronType(),
		cveType(),
		ip4routesType(),
		ip6routesType(),
		ip6tablesType(),
		iptablesType(),
		packagesType(),
		remoteServicesType(),
		servicesType(),
	}
}
