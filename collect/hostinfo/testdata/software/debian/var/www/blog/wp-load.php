<?php // starts WordPress
