<?php
return [
    'backend' => ['frontName' => 'admin_x1'],
    'MAGE_MODE' => 'production',
];
