<?php
// Installs the blog. In: its folder. Out: KEY=VALUE lines with its users.
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url(getenv('WP_TEST_URL'), PHP_URL_HOST);
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';

function wp_mail(...$ignored)
{
    return true;
}

require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install('Test blog', 'admin', 'admin@example.test', true, '', 'admin-password');
update_option('permalink_structure', '/%postname%/');
foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $post) {
    wp_delete_post($post->ID, true); // the samples that every new blog has
}
$editor = wp_insert_user([
    'user_login' => 'publisher', 'user_pass' => 'publisher-password',
    'user_email' => 'publisher@example.test', 'role' => 'editor',
]);
foreach (['ADMIN_' => 1, '' => $editor] as $prefix => $id) {
    [$password] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'tests']);
    echo $prefix . 'USER=' . get_userdata($id)->user_login . "\n";
    echo $prefix . "APP_PASSWORD=$password\n";
}
