package org.muster.client.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * A domain's XML, or a template of it, read from a file.
 *
 * @param text as in the file
 * @param name the domain's name, or empty
 * @param uuid the domain's UUID, or empty
 */
record XmlFile(String text, String name, String uuid) {
    private static final int MAX_BYTES = 16 << 20;

    /** Reads a file, or standard input for {@code -}. Errors: CommandFailure for anything wrong with it. */
    static XmlFile read(String file, Console console) throws CommandFailure {
        try (InputStream in = file.equals("-") ? console.in() : Files.newInputStream(Path.of(file))) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw CommandFailure.usage(file + " has more than " + MAX_BYTES + " bytes, which is the limit");
            }
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return parse(file, text);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(ExitCode.USAGE, file + " does not exist", e);
        } catch (AccessDeniedException e) {
            throw new CommandFailure(ExitCode.USAGE, file + " may not be read by this user", e);
        } catch (CharacterCodingException e) {
            throw new CommandFailure(ExitCode.USAGE, file + " must be UTF-8", e);
        } catch (IOException | InvalidPathException e) {
            throw new CommandFailure(ExitCode.USAGE, file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static XmlFile parse(String file, String text) throws CommandFailure {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        try {
            XMLStreamReader reader = factory.createXMLStreamReader(new StringReader(text));
            try {
                return domain(file, text, reader);
            } finally {
                reader.close();
            }
        } catch (XMLStreamException e) {
            String place = e.getLocation() == null
                    ? ""
                    : " at line " + e.getLocation().getLineNumber() + ", column "
                            + e.getLocation().getColumnNumber();
            throw new CommandFailure(ExitCode.USAGE, file + " is no XML" + place + ": " + reason(e), e);
        }
    }

    private static String reason(XMLStreamException e) {
        String message = String.valueOf(e.getMessage());
        int start = message.indexOf("Message: ");
        return start < 0 ? message : message.substring(start + "Message: ".length());
    }

    private static XmlFile domain(String file, String text, XMLStreamReader reader)
            throws XMLStreamException, CommandFailure {
        reader.nextTag();
        if (!reader.getLocalName().equals("domain")) {
            throw CommandFailure.usage(file + " must hold a <domain>, got <" + reader.getLocalName() + ">");
        }
        String name = "";
        String uuid = "";
        int depth = 1;
        while (reader.hasNext()) {
            int event = reader.next();
            if (event == XMLStreamConstants.END_ELEMENT) {
                depth--;
            } else if (event == XMLStreamConstants.START_ELEMENT) {
                boolean child = depth == 1 && reader.getPrefix().isEmpty();
                if (child && reader.getLocalName().equals("name")) {
                    name = reader.getElementText().strip();
                } else if (child && reader.getLocalName().equals("uuid")) {
                    uuid = reader.getElementText().strip();
                } else {
                    depth++;
                }
            }
        }
        return new XmlFile(text, name, uuid);
    }
}
