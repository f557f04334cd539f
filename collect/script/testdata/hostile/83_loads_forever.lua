-- want: ^unavailable 83_loads_forever.lua:(\d+:)? 
while true do end
