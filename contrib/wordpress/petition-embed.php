<?php
/**
 * Plugin Name: Petition embed
 * Description: Shows campaigns of one petition site with their form: by pasting their address, by a block, by a shortcode.
 * Version: 1.0
 * Requires at least: 5.9
 * Requires PHP: 7.4
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/old-licenses/gpl-2.0.html
 *
 * What it relies on is promised for years in docs/embed.md of the petition site: the paths below /embed/, the loader of
 * version 1 and the attributes of its link. It keeps one option and asks the petition site only for oEmbed answers,
 * which WordPress keeps itself.
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

const PETITION_EMBED_OPTION = 'petition_embed_site';

/** The petition site's address without a slash at its end, '' while none is set. */
function petition_embed_site() {
	return untrailingslashit( (string) get_option( PETITION_EMBED_OPTION, '' ) );
}

/** Whether an address is a campaign's page on the petition site; its parts: language, slug. */
function petition_embed_parts( $url ) {
	$site = petition_embed_site();
	if ( '' === $site || ! is_string( $url ) ) {
		return null;
	}
	$pattern = '#^' . preg_quote( $site, '#' ) . '/([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)/campaigns/([a-z0-9][a-z0-9-]{0,79})/?(?:[?\#].*)?$#D';
	return preg_match( $pattern, trim( $url ), $found ) ? array( $found[1], $found[2] ) : null;
}

/**
 * The link that the loader turns into a frame. Everything in it is checked here: who writes posts need not be trusted
 * with HTML.
 */
function petition_embed_html( $attributes ) {
	$given = shortcode_atts(
		array(
			'url'      => '',
			'title'    => '',
			'language' => '',
			'size'     => '',
			'theme'    => '',
			'colour'   => '',
			'text'     => '',
			'partner'  => '',
		),
		(array) $attributes
	);
	$parts = petition_embed_parts( $given['url'] );
	if ( null === $parts ) {
		return '';
	}
	$takes = array(
		'language' => '/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/D',
		'size'     => '/^compact$/D',
		'theme'    => '/^(light|dark)$/D',
		'colour'   => '/^#?[0-9A-Fa-f]{6}$/D',
		'text'     => '/^none$/D',
		'partner'  => '/^[A-Za-z0-9]{1,40}$/D',
	);
	$options = '';
	foreach ( $takes as $name => $pattern ) {
		if ( is_string( $given[ $name ] ) && preg_match( $pattern, $given[ $name ] ) ) {
			$options .= sprintf( ' data-%s="%s"', $name, esc_attr( $given[ $name ] ) );
		}
	}
	$site = petition_embed_site();
	$href = $site . '/' . $parts[0] . '/campaigns/' . $parts[1];
	// Once for all links of a page; it finds them by itself.
	wp_enqueue_script( 'petition-embed-loader', $site . '/embed/1/loader.js', array(), null, true );
	return sprintf(
		'<p class="petition-embed"><a href="%s" data-petition%s>%s</a></p>',
		esc_url( $href ),
		$options,
		esc_html( '' !== trim( $given['title'] ) ? $given['title'] : __( 'Sign the appeal', 'petition-embed' ) )
	);
}

/** A pasted address: the same link, in place of what WordPress would make of a site it does not know. */
function petition_embed_pasted( $matches, $attr, $url, $rawattr ) {
	return petition_embed_html( array( 'url' => $url ) );
}

add_action(
	'init',
	function () {
		add_shortcode( 'petition', 'petition_embed_html' );
		$site = petition_embed_site();
		if ( '' !== $site ) {
			// The form itself in the page, its height by the loader; feeds and other plugins get the frame by oEmbed.
			wp_embed_register_handler( 'petition-embed', '#^' . preg_quote( $site, '#' ) . '/[a-zA-Z-]+/campaigns/[a-z0-9-]+/?(?:[?\#].*)?$#', 'petition_embed_pasted' );
			wp_oembed_add_provider( $site . '/*/campaigns/*', $site . '/embed/oembed' );
		}
		wp_register_script( 'petition-embed-block', '', array( 'wp-blocks', 'wp-element', 'wp-components', 'wp-block-editor' ), '1.0', true );
		wp_add_inline_script( 'petition-embed-block', petition_embed_block_script() );
		register_block_type(
			'petition/embed',
			array(
				'api_version'     => 2,
				'editor_script'   => 'petition-embed-block',
				'render_callback' => 'petition_embed_html',
				'attributes'      => array_fill_keys(
					array( 'url', 'title', 'language', 'size', 'theme', 'colour', 'text', 'partner' ),
					array(
						'type'    => 'string',
						'default' => '',
					)
				),
			)
		);
	}
);

/** The block in the editor: fields, and the frame as readers will see it. */
function petition_embed_block_script() {
	$words = array(
		'title'   => __( 'Petition', 'petition-embed' ),
		'url'     => __( 'Address of the campaign', 'petition-embed' ),
		'link'    => __( 'Words of the link', 'petition-embed' ),
		'compact' => __( 'Fold the text up', 'petition-embed' ),
		'notext'  => __( 'Leave the text out', 'petition-embed' ),
		'theme'   => __( 'Light or dark', 'petition-embed' ),
		'auto'    => __( 'Like the reader’s device', 'petition-embed' ),
		'light'   => __( 'Light', 'petition-embed' ),
		'dark'    => __( 'Dark', 'petition-embed' ),
		'colour'  => __( 'Colour (six digits from 0 to f)', 'petition-embed' ),
		'partner' => __( 'Key of your site, if the campaign has given it one', 'petition-embed' ),
		'wrong'   => __( 'This is no campaign of the site that is set under Settings → Reading.', 'petition-embed' ),
	);
	$start = 'var site = ' . wp_json_encode( petition_embed_site() ) . ', words = ' . wp_json_encode( $words ) . ';';
	return '(function (blocks, element, components, editor) {' . $start . <<<'JS'
	var make = element.createElement;
	function frame(given) {
		var way = site && given.url.indexOf(site) === 0 && /^\/([\w-]+)\/campaigns\/([\w-]+)/.exec(given.url.slice(site.length));
		if (!way) return "";
		function plain(name, wanted) {
			var said = given[name].toLowerCase().replace("#", "");
			return wanted.test(said) ? said : "";
		}
		var partner = plain("partner", /^[a-z0-9]{1,40}$/), look = [given.size, given.theme,
			plain("colour", /^[0-9a-f]{6}$/), given.text && "notext", partner && "by." + partner].filter(Boolean);
		return [site, "embed", way[1], "campaigns", way[2], look.join("-")].filter(Boolean).join("/");
	}
	blocks.registerBlockType("petition/embed", {
		apiVersion: 2, title: words.title, icon: "megaphone", category: "embed",
		attributes: ["url", "title", "language", "size", "theme", "colour", "text", "partner"].reduce(function (all, name) {
			all[name] = { type: "string", default: "" };
			return all;
		}, {}),
		edit: function (props) {
			var given = props.attributes, src = frame(given);
			function set(name) { return function (value) { var one = {}; one[name] = value; props.setAttributes(one); }; }
			function typed(name, label) {
				return make(components.TextControl, { key: name, label: label, value: given[name], onChange: set(name) });
			}
			function ticked(name, label, value) {
				return make(components.ToggleControl, { key: name, label: label, checked: !!given[name],
					onChange: function (on) { set(name)(on ? value : ""); } });
			}
			return make("div", editor.useBlockProps(), typed("url", words.url),
				make(editor.InspectorControls, { key: "more" }, make(components.PanelBody, {},
					typed("title", words.link), ticked("size", words.compact, "compact"), ticked("text", words.notext, "none"),
					make(components.SelectControl, { key: "theme", label: words.theme, value: given.theme, onChange: set("theme"),
						options: [["", words.auto], ["light", words.light], ["dark", words.dark]].map(function (one) {
							return { value: one[0], label: one[1] };
						}) }),
					typed("colour", words.colour), typed("partner", words.partner))),
				src ? make("iframe", { key: "frame", src: src, title: words.title, width: "100%", height: 500 })
					: given.url && make("p", { key: "wrong" }, words.wrong));
		},
		save: function () { return null; }
	});
})(window.wp.blocks, window.wp.element, window.wp.components, window.wp.blockEditor);
JS;
}

/** Where the site is set: Settings → Reading, for those who may change settings. */
add_action(
	'admin_init',
	function () {
		register_setting(
			'reading',
			PETITION_EMBED_OPTION,
			array(
				'type'              => 'string',
				'default'           => '',
				'sanitize_callback' => function ( $typed ) {
					$url = untrailingslashit( esc_url_raw( trim( (string) $typed ), array( 'https', 'http' ) ) );
					return preg_match( '#^https?://[^/?\#@\s]+(/[^?\#\s]*)?$#D', $url ) ? $url : '';
				},
			)
		);
		add_settings_field(
			PETITION_EMBED_OPTION,
			__( 'Address of the petition site', 'petition-embed' ),
			function () {
				printf(
					'<input type="url" class="regular-text code" name="%1$s" id="%1$s" value="%2$s" placeholder="https://petition.example">',
					esc_attr( PETITION_EMBED_OPTION ),
					esc_attr( petition_embed_site() )
				);
			},
			'reading',
			'default',
			array( 'label_for' => PETITION_EMBED_OPTION )
		);
	}
);
