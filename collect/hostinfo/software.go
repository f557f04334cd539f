package hostinfo

// softwareTypes are about what is installed and how it is set up.
func softwareTypes() []Type {
	return []Type{
		apache2Type(),
		autoupdatesType(),
		cronType(),
		cveType(),
		fail2banType(),
		ip4routesType(),
		ip6routesType(),
		ip6tablesType(),
		iptablesType(),
		lsyncdType(),
		magentoType(),
		nginxConfigType(),
		packagesType(),
		phpType(),
		postfixType(),
		remoteServicesType(),
		servicesType(),
		wordpressType(),
	}
}
